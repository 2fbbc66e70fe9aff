"""Every place where a process of the product is killed.

`before` and `after` speak of the database's COMMIT; `unread` is a request that the vendor has, and
whose answer nobody reads.
"""

import http.client
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from chalicelib.adapters.download import Downloads
from chalicelib.adapters.openai import OpenAiImages, OpenAiText
from chalicelib.adapters.replicate import ReplicateImages
from chalicelib.adapters.s3 import S3Objects
from chalicelib.core.http import Endpoint
from chalicelib.core.models import ImageModel
from chalicelib.jobs import leases, runner
from chalicelib.jobs.purchases import buy, settle
from chalicelib.jobs.runner import Run, run_job
from chalicelib.jobs.services import cancel_job, create_job, retry_job, send_job
from chalicelib.personas.services import publish
from chalicelib.workers import persona_generator as generator
from chalicelib.workers.character import write_character
from chalicelib.workers.portrait import draw_portrait
from chalicelib.workers.sweeper import sweep
from chalicelib.workers.verification import verify
from tests.campaigns.dooms import (
    Gate,
    Locals,
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

TASKS = (generator.write_and_verify, generator.write_motto, draw_portrait)


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


def _moderation() -> Iterator[Point]:
    yield _work("moderation", "before the intent", enters(buy, generator.moderate))
    yield _work("moderation", "intent recorded", enters(OpenAiText.moderate))
    yield _work("moderation", "unread", unread(OpenAiText.moderate))
    yield _work("moderation", "answered", leaves(OpenAiText.moderate))
    yield from _recorded("moderation", records("moderated"))


def _text(step: str, task: Callable[..., Any], branch: Callable[..., Any]) -> Iterator[Point]:
    gate = _alone(branch)
    yield _work(step, "before the intent", enters(buy, task), gate=gate)
    yield _work(step, "intent recorded", enters(OpenAiText.answer, task), gate=gate)
    yield _work(step, "unread", unread(task), gate=gate, may_pay_again="text")
    answered = leaves(OpenAiText.answer, task)
    yield _work(step, "answered", answered, gate=gate, may_pay_again="text")
    yield from _recorded(step, records(step), gate=gate, may_pay_again="text")


def _dall_e() -> Iterator[Point]:
    yield from _pictured(
        ImageModel.DALL_E,
        ("before the intent", enters(buy, draw_portrait), None),
        ("intent recorded", enters(OpenAiImages.begin), None),
        ("unread", unread(OpenAiImages.begin), "image"),
        ("answered", leaves(OpenAiImages.begin), "image"),
        ("settled", leaves(settle, draw_portrait), "image"),
        ("before the PUT", enters(S3Objects.put_new), "image"),
        *STORING,
    )
    yield from _drawn(ImageModel.DALL_E, "image")


def _openjourney() -> Iterator[Point]:
    yield from _pictured(
        ImageModel.OPENJOURNEY,
        ("before the intent", enters(buy, draw_portrait), None),
        ("intent recorded", enters(ReplicateImages.begin), None),
        ("unread", unread(ReplicateImages.begin), "prediction"),
        ("accepted", leaves(ReplicateImages.begin), "prediction"),
        ("polling", unread(ReplicateImages.collect), None),
        ("downloading", enters(Downloads.fetch), None),
        ("downloaded", leaves(ReplicateImages.collect), None),
        ("before the PUT", enters(S3Objects.put_new), None),
        *STORING,
    )
    yield from _drawn(ImageModel.OPENJOURNEY, "reference", may_pay_again="prediction")
    yield from _drawn(ImageModel.OPENJOURNEY, "image")


Named = tuple[str, Place, Paid | None]

STORING: Sequence[Named] = (
    ("PUT unread", enters(http.client.HTTPResponse.begin, S3Objects.put_new), None),
    ("PUT", leaves(S3Objects.put_new), None),
)


def _pictured(model: ImageModel, *named: Named) -> Iterator[Point]:
    gate = _alone(draw_portrait)
    for name, place, paid in named:
        yield _work(model, name, place, model=model, gate=gate, may_pay_again=paid)


def _drawn(model: ImageModel, part: str, **more: Any) -> Iterator[Point]:
    saved = records(f"image:{model}", part)
    gate = _alone(draw_portrait)
    yield from _recorded(model, saved, f"the {part}'s record", model=model, gate=gate, **more)


def _recorded(
    step: str,
    saved: Callable[[Locals], bool],
    what: str = "the record",
    *,
    may_pay_again: Paid | None = None,
    **more: Any,
) -> Iterator[Point]:
    before = Place(leases.record, within=Run.record, having=saved)
    after = Place(Run.record, leaves=True, within=Run.record, having=saved)
    yield _work(step, f"before {what}", before, may_pay_again=may_pay_again, **more)
    yield _work(step, f"after {what}", after, **more)


def _publish() -> Iterator[Point]:
    end = replace(before_commit(generator.generate), outside=Run.record)
    yield from _recorded("publish", is_at("publish"))
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


def records(key: str, part: str | None = None) -> Callable[[Locals], bool]:
    """Tell whether `Run.record` was called with this key of the checkpoint, and part of it."""

    def is_recorded(arguments: Locals) -> bool:
        patch = arguments["checkpoint"]
        return key in patch and (part is None or part in patch[key])

    return is_recorded


def is_at(step: str) -> Callable[[Locals], bool]:
    """Tell whether `Run.record` was called to say that this step begins."""
    return lambda arguments: bool(arguments["step"] == step and not arguments["checkpoint"])


def _alone(task: Callable[..., Any]) -> Gate:
    return Gate(task, tuple(other for other in TASKS if other is not task))


POINTS: Mapping[str, Point] = {point.name: point for point in _points()}
