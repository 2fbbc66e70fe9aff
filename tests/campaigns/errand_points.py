"""The points that only some errands come to."""

from collections.abc import Iterator
from dataclasses import replace
from http.client import HTTPResponse

from chalicelib.adapters.openai import OpenAiText
from chalicelib.adapters.s3 import S3Objects
from chalicelib.adapters.webhooks import OutgoingWebhooks
from chalicelib.core.http import Endpoint
from chalicelib.jobs import endings, leases
from chalicelib.jobs.purchases import buy
from chalicelib.jobs.runner import run_job
from chalicelib.jobs.services import create_job, send_deliveries
from chalicelib.personas.renewal import publish_image, publish_motto
from chalicelib.workers import persona_generator as generator
from chalicelib.workers.asking import ask
from chalicelib.workers.character import write_character
from chalicelib.workers.webhooks import deliver
from tests.campaigns.dooms import (
    Locals,
    Place,
    after_commit,
    before_commit,
    enters,
    leaves,
    unread,
)
from tests.campaigns.errands import AWAITED, CORRECTED, FRIENDS, KEYED, NEW_MOTTO, NEW_PORTRAIT
from tests.campaigns.mail import LogQueue
from tests.campaigns.point import Point, alone, recorded, records, work


def errand_points() -> Iterator[Point]:
    yield from _friends()
    yield from _correct()
    yield from _postpone()
    yield from _renewals()
    yield from _keyed()
    yield from _announce()
    yield from _tell()


def _friends() -> Iterator[Point]:
    yield from recorded("score", records("scored"), errand=FRIENDS)
    gate = alone(generator.write_and_verify)
    for name, place in (
        ("before the intent", enters(buy, write_character)),
        ("intent recorded", enters(OpenAiText.flag, write_character)),
        ("unread", unread(write_character)),
        ("answered", leaves(OpenAiText.flag, write_character)),
    ):
        yield work("words", name, place, errand=FRIENDS, gate=gate)
    yield from recorded("words", records("words_moderated"), errand=FRIENDS, gate=gate)


def _correct() -> Iterator[Point]:
    def is_asked(arguments: Locals) -> bool:
        return bool(arguments["step"] == "correct")

    gate = alone(generator.write_and_verify)
    for name, place, paid in (
        ("before the intent", enters(buy, ask), None),
        ("intent recorded", enters(OpenAiText.answer, ask), None),
        ("unread", unread(ask), "text"),
        ("answered", leaves(OpenAiText.answer, ask), "text"),
    ):
        asked = replace(place, having=is_asked)
        yield work("correct", name, asked, errand=CORRECTED, gate=gate, may_pay_again=paid)
    saved = records("correct")
    yield from recorded("correct", saved, errand=CORRECTED, gate=gate, may_pay_again="text")


def _postpone() -> Iterator[Point]:
    """A vendor that is left alone for a while: the worker gives the job back with its attempt."""
    yield work("postpone", "in the transaction", leaves(leases.postpone), is_resting=True)
    yield work("postpone", "after COMMIT", enters(send_deliveries, run_job), is_resting=True)


def _renewals() -> Iterator[Point]:
    for errand, publishes in ((NEW_PORTRAIT, publish_image), (NEW_MOTTO, publish_motto)):
        for name, place in (
            ("before publishing", enters(publishes)),
            ("in the transaction, job ended", leaves(leases.finish)),
            ("published, not committed", leaves(publishes)),
            ("after COMMIT", enters(send_deliveries, run_job)),
        ):
            yield work(errand.name, name, place, errand=errand)
    yield work(NEW_PORTRAIT.name, "PUT", leaves(S3Objects.put_new), errand=NEW_PORTRAIT)


def _keyed() -> Iterator[Point]:
    for name, place, is_committed in (
        ("no job yet", enters(create_job), False),
        ("before COMMIT", before_commit(Endpoint.__call__), False),
        ("after COMMIT", after_commit(Endpoint.__call__), True),
        ("before the answer", leaves(Endpoint.__call__), True),
    ):
        yield Point(f"accept with a key: {name}", "accept", place, KEYED, is_committed=is_committed)


def _announce() -> Iterator[Point]:
    """The end of a job that somebody waits for."""
    sent = Place(LogQueue.send, leaves=True, within=send_deliveries)
    for name, place in (
        ("in the transaction", leaves(endings.close)),
        ("after COMMIT", enters(send_deliveries, run_job)),
        ("sent, not marked", sent),
    ):
        yield work("announce", name, place, errand=AWAITED)
    for name, place in (("after COMMIT", enters(send_deliveries)), ("sent, not marked", sent)):
        cancelled = f"announce a cancel: {name}"
        yield Point(cancelled, "cancel", place, AWAITED, ends_as="cancelled")


def _tell() -> Iterator[Point]:
    for name, place in (
        ("claimed", after_commit(run_job)),
        ("unread", enters(HTTPResponse.begin, OutgoingWebhooks.post)),
        ("answered", leaves(OutgoingWebhooks.post)),
        ("in the transaction, told", leaves(leases.finish)),
        ("before COMMIT", before_commit(deliver)),
        ("after COMMIT", after_commit(deliver)),
    ):
        yield Point(f"tell: {name}", "tell", place, AWAITED)
