"""Every place where a process of the product is killed.

`before` and `after` speak of the database's COMMIT; `unread` is a request that the vendor has, and
whose answer nobody reads.
"""

import http.client
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from chalicelib.adapters.download import Downloads
from chalicelib.adapters.openai import OpenAiImages, OpenAiText
from chalicelib.adapters.replicate import ReplicateImages
from chalicelib.adapters.s3 import S3Objects
from chalicelib.adapters.valkey import ValkeyCache
from chalicelib.core.http import Endpoint
from chalicelib.jobs import leases, runner
from chalicelib.jobs.purchases import buy
from chalicelib.jobs.runner import Run, run_job
from chalicelib.jobs.services import cancel_job, create_job, retry_job, send_job
from chalicelib.personas.services import publish
from chalicelib.workers import persona_generator as generator
from chalicelib.workers.character import write_character
from chalicelib.workers.portrait import draw_portrait
from chalicelib.workers.sweeper import sweep
from chalicelib.workers.verification import verify
from tests.campaigns.dooms import (
    Place,
    after_commit,
    before_commit,
    enters,
    leaves,
    unread,
)
from tests.campaigns.errand_points import errand_points
from tests.campaigns.errands import OPENJOURNEY, PERSONA, Errand
from tests.campaigns.mail import LogQueue
from tests.campaigns.point import Paid, Point, alone, is_at, recorded, records, work

UNANSWERED: Literal["unanswered"] = "unanswered"


def _points() -> Iterator[Point]:
    yield from _accept()
    yield from _sweep()
    yield from _claim()
    yield from _moderation()
    yield from _text("character", write_character, generator.write_and_verify)
    yield from _text("verify", verify, generator.write_and_verify)
    yield from _text("motto", generator.write_motto, generator.write_motto)
    yield from _dall_e()
    yield from _openjourney()
    yield from _publish()
    yield from _release()
    yield from _failure()
    yield from _cancel()
    yield from _retry()
    yield from errand_points()


def _accept() -> Iterator[Point]:
    def point(name: str, place: Place, *, is_committed: bool = True) -> Point:
        return Point(f"accept: {name}", "accept", place, is_committed=is_committed)

    yield point("in the transaction, no job yet", enters(create_job), is_committed=False)
    yield point("before COMMIT", before_commit(Endpoint.__call__), is_committed=False)
    yield point("after COMMIT", after_commit(Endpoint.__call__))
    yield point("before the send", enters(LogQueue.send))
    yield point("sent, not marked", leaves(LogQueue.send))
    yield point("before the mark's COMMIT", before_commit(send_job))
    yield point("marked", after_commit(send_job))
    yield point("before the answer", leaves(Endpoint.__call__))


def _sweep() -> Iterator[Point]:
    def point(name: str, place: Place) -> Point:
        return Point(f"sweep: {name}", "sweep", place)

    yield point("in the transaction", leaves(leases.requeue_abandoned))
    yield point("before COMMIT", before_commit(sweep))
    yield point("after COMMIT", enters(leases.list_unheard))
    yield point("before a send", enters(LogQueue.send))
    yield point("sent, not marked", leaves(LogQueue.send))
    yield point("before the mark's COMMIT", before_commit(send_job))
    yield point("marked", after_commit(send_job))


def _claim() -> Iterator[Point]:
    yield work("worker", "received", enters(run_job))
    yield work("worker", "in the claim's transaction", leaves(leases.claim))
    yield work("worker", "claimed", after_commit(run_job))


def _moderation() -> Iterator[Point]:
    yield work("moderation", "before the intent", enters(buy, generator.moderate))
    yield work("moderation", "intent recorded", enters(OpenAiText.moderate))
    yield work("moderation", "unread", unread(OpenAiText.moderate))
    yield work("moderation", "answered", leaves(OpenAiText.moderate))
    yield from recorded("moderation", records("moderated"))


def _text(step: str, task: Callable[..., Any], branch: Callable[..., Any]) -> Iterator[Point]:
    gate = alone(branch)
    yield work(step, "before the intent", enters(buy, task), gate=gate)
    yield work(step, "intent recorded", enters(OpenAiText.answer, task), gate=gate)
    yield work(step, "unread", unread(task), gate=gate, may_pay_again="text")
    answered = leaves(OpenAiText.answer, task)
    yield work(step, "answered", answered, gate=gate, may_pay_again="text")
    yield from recorded(step, records(step), gate=gate, may_pay_again="text")


def _dall_e() -> Iterator[Point]:
    billed = Place(Run.record, leaves=True, within=Run.record, having=is_at("store"))
    yield from _pictured(
        PERSONA,
        ("before the intent", enters(buy, draw_portrait), None),
        ("intent recorded", enters(OpenAiImages.begin), None),
        ("unread", unread(OpenAiImages.begin), "image"),
        ("answered", leaves(OpenAiImages.begin), "image"),
        (
            "before the bill's record",
            replace(billed, function=leases.record, leaves=False),
            "image",
        ),
        ("after the bill's record", billed, "image"),
        ("before the PUT", enters(S3Objects.put_new), "image"),
        *STORING,
    )
    yield from _drawn(PERSONA, "image")


def _openjourney() -> Iterator[Point]:
    yield from _pictured(
        OPENJOURNEY,
        ("before the intent", enters(buy, draw_portrait), None),
        ("intent recorded", enters(ReplicateImages.begin), None),
        ("unread", unread(ReplicateImages.begin), UNANSWERED),
        ("accepted", leaves(ReplicateImages.begin), UNANSWERED),
        ("polling", unread(ReplicateImages.collect), None),
        ("downloading", enters(Downloads.fetch), None),
        ("downloaded", leaves(ReplicateImages.collect), None),
        ("before the PUT", enters(S3Objects.put_new), None),
        *STORING,
    )
    yield from _drawn(OPENJOURNEY, "reference", UNANSWERED)
    yield from _drawn(OPENJOURNEY, "image")


Unsure = Paid | Literal["unanswered"] | None
Named = tuple[str, Place, Unsure]

STORING: Sequence[Named] = (
    ("PUT unread", enters(http.client.HTTPResponse.begin, S3Objects.put_new), None),
    ("PUT", leaves(S3Objects.put_new), None),
)


def _pictured(errand: Errand, *named: Named) -> Iterator[Point]:
    gate = alone(draw_portrait)
    for name, place, unsure in named:
        more = _costs(unsure)
        yield work(errand.name, name, place, errand=errand, gate=gate, **more)


def _costs(unsure: Unsure) -> dict[str, Any]:
    return {"is_unanswered": True} if unsure == UNANSWERED else {"may_pay_again": unsure}


def _drawn(errand: Errand, part: str, unsure: Unsure = None) -> Iterator[Point]:
    saved = records(f"image:{errand.model}", part)
    more = {"errand": errand, "gate": alone(draw_portrait), **_costs(unsure)}
    yield from recorded(errand.name, saved, f"the {part}'s record", **more)


def _publish() -> Iterator[Point]:
    end = replace(before_commit(generator.generate), outside=Run.record)
    yield from recorded("publish", is_at("publish"))
    yield work("publish", "before", enters(publish))
    yield work("publish", "in the transaction, job ended", leaves(leases.finish))
    yield work("publish", "card held in the cache", leaves(ValkeyCache.hold))
    yield work("publish", "before COMMIT", end)
    yield work("publish", "after COMMIT", replace(end, leaves=True))
    yield work("publish", "card forgotten by the cache", leaves(ValkeyCache.forget))
    yield work("publish", "before the message is deleted", enters(LogQueue.delete))
    yield work("publish", "message deleted", leaves(LogQueue.delete))


def _release() -> Iterator[Point]:
    """A vendor that does not answer: the worker gives the job back."""
    busy = ("moderation", "500")
    for name, place in (
        ("in the transaction", leaves(leases.release)),
        ("after COMMIT", enters(send_job, run_job)),
        ("sent, not marked", leaves(LogQueue.send)),
        ("before the mark's COMMIT", before_commit(send_job)),
    ):
        yield work("release", name, place, fault=busy)


def _failure() -> Iterator[Point]:
    """A description that is refused: the worker ends the job."""
    flagged = ("moderation", "flagged")
    for name, place in (
        ("in the transaction", leaves(leases.fail)),
        ("after COMMIT", leaves(runner.run_job)),
    ):
        yield work("failure", name, place, fault=flagged, ends_as="failed")


def _cancel() -> Iterator[Point]:
    for name, place in (
        ("in the transaction", leaves(cancel_job)),
        ("before COMMIT", before_commit(Endpoint.__call__)),
        ("after COMMIT", after_commit(Endpoint.__call__)),
    ):
        yield Point(f"cancel: {name}", "cancel", place, ends_as="cancelled")


def _retry() -> Iterator[Point]:
    for name, place in (
        ("in the transaction", leaves(retry_job)),
        ("after COMMIT", after_commit(Endpoint.__call__)),
        ("sent, not marked", leaves(LogQueue.send)),
    ):
        yield Point(f"retry: {name}", "retry", place)


POINTS: Mapping[str, Point] = {point.name: point for point in _points()}
