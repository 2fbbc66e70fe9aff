"""Kill a role at a point, let the healthy ones recover, and count what it has cost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.core.models import JobStatus
from chalicelib.jobs import timing
from chalicelib.spending import breakers
from tests.campaigns.crew import strike
from tests.campaigns.harness import FOREVER, Harness, View, prefix_of
from tests.campaigns.outcomes import Outcome
from tests.campaigns.point import Point, Role
from tests.campaigns.table import combined

NOTICES = 2
"""How often Replicate tells of an order: that it has begun, and that it is done."""
PAID = ("text", "image", "prediction")
LONGEST_SECONDS = 180


@dataclass(frozen=True)
class Row:
    """What all runs of a point came to."""

    point: str
    runs: int
    killed: int
    ready: int
    failed: int
    lost: int
    stuck: float
    """The longest that a job took to its end after the kill, in seconds of product time."""
    text: int
    image: int
    prediction: int
    most: int
    """The most that one run has paid too often for one thing."""
    unledgered: int
    """Paid calls that our own books do not know of."""
    reserved: int
    """Jobs that have ended and still hold a part of their owner's day."""
    mismatches: int
    changed: int
    """Runs that a message delivered once more, or a repeated request, has changed."""


def kill(harness: Harness, point: Point, runs: int) -> Row:
    """Where a vendor has to fail, kill so few at once that it is not left alone before the last."""
    at_once = runs if point.fault is None else breakers.FAILURES
    rounds = [min(at_once, runs - done) for done in range(0, runs, at_once)]
    return combined(_kill(harness, point, each) for each in rounds)


def _kill(harness: Harness, point: Point, runs: int) -> Row:
    names = harness.begin(runs)
    prefix = prefix_of(names)
    if point.fault is not None:
        operation, kind = point.fault
        times = FOREVER if point.ends_as == "failed" else runs
        harness.control.fail(operation, kind, times=times, contains=prefix)
    deaths = STAGED[point.role](harness, point, names)
    harness.hear(NOTICES * runs if point.is_unanswered else 0)
    ended = harness.recover(prefix)
    changed = harness.replay(names, point.errand) if point.role == "accept" else 0
    before = harness.look(prefix)
    harness.deliver_again()
    changed += harness.look(prefix) != before
    harness.control.clear()
    return Row(
        point=point.name,
        runs=runs,
        killed=deaths,
        lost=runs - len(ended),
        stuck=max(ended.values(), default=0),
        changed=changed,
        **_counted(point, before),
    )


def faults(point: Point, row: Row) -> list[str]:
    """Say what is wrong with a row."""
    expected = (row.runs, 0) if point.ends_as == "succeeded" else (0, row.runs)
    claims = {
        "not all were killed": row.killed != row.runs,
        "another end": (row.ready, row.failed) != expected,
        "lost": row.lost > 0,
        "stuck": row.stuck > LONGEST_SECONDS,
        "paid for and not in the ledger": row.unledgered > 0,
        "a reservation is left": row.reserved > 0,
        "row, object and version disagree": row.mismatches > 0,
        "a message or a request changed an end": row.changed > 0,
        "paid more than once for one kill": row.most > (1 if point.may_pay_again else 0),
        "not all was made": min(row.text, row.image, row.prediction) < 0,
        **{
            f"paid again for {paid}": getattr(row, paid) > 0 and paid != point.may_pay_again
            for paid in PAID
        },
    }
    return [claim for claim, is_so in claims.items() if is_so]


def _counted(point: Point, seen: View) -> dict[str, int]:
    expected = point.errand.bill if point.ends_as == "succeeded" else {}
    ended = [outcome.status for outcome in seen.outcomes]
    return {
        "ready": sum(status == JobStatus.SUCCEEDED for status in ended),
        "failed": sum(status in {JobStatus.FAILED, JobStatus.CANCELLED} for status in ended),
        "mismatches": sum(not _is_right(point, outcome) for outcome in seen.outcomes),
        "unledgered": seen.unledgered,
        "reserved": seen.reserved,
        **extra_paid(seen, expected),
    }


def extra_paid(
    seen: View,
    expected: Mapping[str, int],
    *,
    of: Callable[[Outcome], bool] = lambda _: True,
) -> dict[str, int]:
    """Count what was paid beyond the usual bill: in all, and the most of one thing in one run."""
    extra = [
        {paid: seen.bill(outcome).get(paid, 0) - expected.get(paid, 0) for paid in PAID}
        for outcome in seen.outcomes
        if of(outcome)
    ]
    most = max((max(each.values()) for each in extra), default=0)
    return {**{paid: sum(each[paid] for each in extra) for paid in PAID}, "most": most}


def _is_right(point: Point, outcome: Outcome) -> bool:
    is_ready = point.ends_as == "succeeded"
    is_right = outcome.is_made(point.errand) if is_ready else outcome.is_nothing
    return is_right and outcome.is_told(point.errand)


def _accepting(harness: Harness, point: Point, names: Sequence[str]) -> int:
    deaths = strike(point.name, [("ask", harness.wish(name, point.errand)) for name in names])
    known = harness.personas(names)
    assert len(known) == (len(names) if point.is_committed else 0), "a phantom, or a loss"
    if not point.is_committed:
        harness.accept(names, point.errand)
    return deaths


def _working(harness: Harness, point: Point, names: Sequence[str]) -> int:
    harness.accept(names, point.errand)
    if point.is_resting:
        harness.let_rest()
    return strike(point.name, [("deliver", ([message],)) for message in harness.receive()])


def _sweeping(harness: Harness, point: Point, names: Sequence[str]) -> int:
    harness.accept(names, point.errand)
    strike("worker: claimed", [("deliver", ([each],)) for each in harness.receive()])
    harness.clock.advance(timing.SWEEP_PERIOD.total_seconds() + 1)
    return strike(point.name, [("sweep", ()) for _ in names])


def _cancelling(harness: Harness, point: Point, names: Sequence[str]) -> int:
    accepted = harness.accept(names, point.errand)
    return _posting(harness, point, accepted, "cancel")


def _retrying(harness: Harness, point: Point, names: Sequence[str]) -> int:
    accepted = harness.accept(names, point.errand)
    harness.clock.advance(timing.DEADLINE.total_seconds() + 1)
    harness.crew.ask("sweep")
    harness.deliver(harness.receive())
    return _posting(harness, point, accepted, "retry")


def _posting(harness: Harness, point: Point, accepted: Sequence[tuple[int, Any]], verb: str) -> int:
    paths = [f"/jobs/{answer['job']['id']}/{verb}" for _, answer in accepted]
    deaths = strike(point.name, [("post", (harness.token, path)) for path in paths])
    statuses_seen = harness.crew.each("post", [(harness.token, path) for path in paths])
    assert set(statuses_seen) <= {202, 409}, statuses_seen
    return deaths


def _telling(harness: Harness, point: Point, names: Sequence[str]) -> int:
    harness.accept(names, point.errand)
    harness.deliver(harness.receive())
    return strike(point.name, [("deliver", ([message],)) for message in harness.receive()])


STAGED: Mapping[Role, Callable[[Harness, Point, Sequence[str]], int]] = {
    "accept": _accepting,
    "work": _working,
    "sweep": _sweeping,
    "cancel": _cancelling,
    "retry": _retrying,
    "tell": _telling,
}
