"""Every place where a process of the product is killed.

`before` and `after` speak of the database's COMMIT; `unread` is a request that the vendor has, and
whose answer nobody reads.
"""

import http.client
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from chalicelib.adapters.download import Downloads
from chalicelib.adapters.openai import OpenAiImages, OpenAiText
from chalicelib.adapters.replicate import ReplicateImages
from chalicelib.adapters.s3 import S3Objects
from chalicelib.core.http import Endpoint
from chalicelib.core.models import ImageModel
from chalicelib.jobs import leases, runner
from chalicelib.jobs.runner import Run, run_job
from chalicelib.jobs.services import cancel_job, create_job, retry_job, send_job
from chalicelib.personas.services import publish
from chalicelib.workers import persona_generator as generator
from chalicelib.workers.portrait import draw_portrait
from chalicelib.workers.sweeper import sweep
from tests.campaigns.dooms import (
    Gate,
    Place,
    after_commit,
    before_commit,
    enters,
    leaves,
    unread,
)
from tests.campaigns.mail import LogQueue

Role = Literal["accept", "work", "sweep", "cancel", "retry"]
Paid = Literal["text", "image", "prediction"]

TASKS = (generator.write_character, generator.write_motto, draw_portrait)


@dataclass(frozen=True)
class Point:
    name: str
    role: Role
    place: Place
    model: ImageModel = ImageModel.DALL_E
    may_pay_again: Paid | None = None
    """What the vendor has been paid for here, and nobody can know any more."""
    fault: tuple[str, str] | None = None
    """What goes wrong at the vendor's, so that the product comes by."""
    ends_as: str = "succeeded"
    gate: Gate | None = None
    is_committed: bool = True
    """Whether what the process was doing is in the database when it dies."""


def _points() -> Iterator[Point]:
    yield from _accept()
    yield from _sweep()
    yield from _claim()
    yield from _moderation()
    yield from _text("character", generator.write_character)
    yield from _text("motto", generator.write_motto)
    yield from _dall_e()
    yield from _openjourney()
    yield from _publish()
    yield from _release()
    yield from _failure()
    yield from _cancel()
    yield from _retry()


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


def _work(step: str, name: str, place: Place, **more: Any) -> Point:
    return Point(f"{step}: {name}", "work", place, **more)


def _claim() -> Iterator[Point]:
    yield _work("worker", "received", enters(run_job))
    yield _work("worker", "in the claim's transaction", leaves(leases.claim))
    yield _work("worker", "claimed", after_commit(run_job))
    yield _work("worker", "before the first step's COMMIT", before_commit(Run.record, is_at("moderate")))


def _moderation() -> Iterator[Point]:
    recorded = records("moderated")
    yield _work("moderation", "before", enters(generator.moderate))
    yield _work("moderation", "unread", unread(OpenAiText.moderate))
    yield _work("moderation", "answered", leaves(OpenAiText.moderate))
    yield _work("moderation", "before the record's COMMIT", before_commit(Run.record, recorded))
    yield _work("moderation", "recorded", after_commit(Run.record, recorded))


def _text(step: str, task: Callable[..., Any]) -> Iterator[Point]:
    recorded, gate = records(step), _alone(task)
    yield _work(step, "before", enters(OpenAiText.answer, task), gate=gate)
    for name, place in (
        ("unread", unread(task)),
        ("answered", leaves(OpenAiText.answer, task)),
        ("before the record's COMMIT", before_commit(Run.record, recorded)),
    ):
        yield _work(step, name, place, gate=gate, may_pay_again="text")
    yield _work(step, "recorded", after_commit(Run.record, recorded), gate=gate)


def _dall_e() -> Iterator[Point]:
    intent, stored = records("image:dall-e", "ordered"), records("image:dall-e", "image")
    yield from _pictured(
        ImageModel.DALL_E,
        ("before the intent's COMMIT", before_commit(Run.record, intent), None),
        ("intent recorded", after_commit(Run.record, intent), None),
        ("unread", unread(OpenAiImages.begin), "image"),
        ("answered", leaves(OpenAiImages.begin), "image"),
        ("before the PUT", enters(S3Objects.put_new), "image"),
        *_storing(stored),
    )


def _openjourney() -> Iterator[Point]:
    step = "image:openjourney"
    intent, ordered = records(step, "ordered"), records(step, "reference")
    yield from _pictured(
        ImageModel.OPENJOURNEY,
        ("before the intent's COMMIT", before_commit(Run.record, intent), None),
        ("intent recorded", after_commit(Run.record, intent), None),
        ("unread", unread(ReplicateImages.begin), "prediction"),
        ("accepted", leaves(ReplicateImages.begin), "prediction"),
        ("before the reference's COMMIT", before_commit(Run.record, ordered), "prediction"),
        ("reference recorded", after_commit(Run.record, ordered), None),
        ("polling", unread(ReplicateImages.collect), None),
        ("downloading", enters(Downloads.fetch), None),
        ("downloaded", leaves(ReplicateImages.collect), None),
        ("before the PUT", enters(S3Objects.put_new), None),
        *_storing(records(step, "image")),
    )


Named = tuple[str, Place, Paid | None]


def _storing(stored: Callable[[Mapping[str, Any]], bool]) -> Iterator[Named]:
    yield "PUT unread", enters(http.client.HTTPResponse.begin, S3Objects.put_new), None
    yield "PUT", leaves(S3Objects.put_new), None
    yield "before the record's COMMIT", before_commit(Run.record, stored), None
    yield "recorded", after_commit(Run.record, stored), None


def _pictured(model: ImageModel, *named: Named) -> Iterator[Point]:
    gate = _alone(draw_portrait)
    for name, place, paid in named:
        yield _work(model, name, place, model=model, gate=gate, may_pay_again=paid)


def _publish() -> Iterator[Point]:
    end = replace(before_commit(generator.generate), outside=Run.record)
    yield _work("publish", "before the step's COMMIT", before_commit(Run.record, is_at("publish")))
    yield _work("publish", "before", enters(publish))
    yield _work("publish", "in the transaction, job ended", leaves(leases.finish))
    yield _work("publish", "before COMMIT", end)
    yield _work("publish", "after COMMIT", replace(end, leaves=True))
    yield _work("publish", "before the message is deleted", enters(LogQueue.delete))
    yield _work("publish", "message deleted", leaves(LogQueue.delete))


def _release() -> Iterator[Point]:
    """A vendor that does not answer: the worker gives the job back."""
    busy = ("moderation", "500")
    for name, place in (
        ("in the transaction", leaves(leases.release)),
        ("after COMMIT", enters(send_job, run_job)),
        ("sent, not marked", leaves(LogQueue.send)),
        ("before the mark's COMMIT", before_commit(send_job)),
    ):
        yield _work("release", name, place, fault=busy)


def _failure() -> Iterator[Point]:
    """A description that is refused: the worker ends the job."""
    flagged = ("moderation", "flagged")
    for name, place in (
        ("in the transaction", leaves(leases.fail)),
        ("after COMMIT", leaves(runner.run_job)),
    ):
        yield _work("failure", name, place, fault=flagged, ends_as="failed")


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


def records(key: str, part: str | None = None) -> Callable[[Mapping[str, Any]], bool]:
    """Tell whether `Run.record` was called with this key of the checkpoint, and part of it."""

    def is_recorded(arguments: Mapping[str, Any]) -> bool:
        patch = arguments["checkpoint"]
        return key in patch and (part is None or part in patch[key])

    return is_recorded


def is_at(step: str) -> Callable[[Mapping[str, Any]], bool]:
    """Tell whether `Run.record` was called to say that this step begins."""
    return lambda arguments: bool(arguments["step"] == step and not arguments["checkpoint"])


def _alone(task: Callable[..., Any]) -> Gate:
    return Gate(task, tuple(other for other in TASKS if other is not task))


POINTS: Mapping[str, Point] = {point.name: point for point in _points()}
