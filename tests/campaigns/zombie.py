"""Stop a worker in the middle, let another one finish its job, and wake it up: a Lambda whose
environment is frozen and thawed does that."""

import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.campaigns.crash import extra_paid
from tests.campaigns.harness import Harness, View, prefix_of
from tests.campaigns.mail import Message
from tests.campaigns.nursery import Fate, Hand
from tests.campaigns.point import Point

PATIENCE_SECONDS = 30

# A process that is stopped inside a transaction holds locks until PostgreSQL ends it (10 s): the
# points here lie outside of any.
STOPS = (
    "worker: received",
    "worker: claimed",
    "moderation: unread",
    "character: unread",
    "character: answered",
    "motto: after the record",
    "dall-e: intent recorded",
    "dall-e: unread",
    "dall-e: answered",
    "dall-e: before the PUT",
    "dall-e: PUT unread",
    "dall-e: PUT",
    "openjourney: intent recorded",
    "openjourney: accepted",
    "openjourney: after the reference's record",
    "openjourney: polling",
    "openjourney: downloaded",
    "openjourney: before the PUT",
    "publish: before",
    "publish: before the message is deleted",
)


@dataclass(frozen=True)
class Row:
    point: str
    runs: int
    stopped: int
    ready: int
    mismatches: int
    changed: int
    """Runs whose result was another one after the zombie had gone on."""
    text: int
    image: int
    prediction: int
    most: int
    unledgered: int


def stop(harness: Harness, point: Point, runs: int) -> Row:
    names = harness.begin(runs)
    prefix = prefix_of(names)
    harness.accept(names, point.errand)
    zombies = freeze(point, harness.receive())
    stopped = sum(zombie.state == "T" for zombie in zombies)
    try:
        harness.recover(prefix)
        before = harness.look(prefix)
        for zombie in zombies:
            zombie.go_on()
        for zombie in zombies:
            zombie.answer()
        after = harness.look(prefix)
    finally:
        for zombie in zombies:
            zombie.close()
    harness.control.clear()
    return _row(point, stopped, before, after)


def faults(row: Row) -> list[str]:
    """Say what is wrong with a row."""
    claims = {
        "not all were stopped": row.stopped != row.runs,
        "not all are ready": row.ready != row.runs,
        "the zombie changed a result": row.changed > 0,
        "row, object and version disagree": row.mismatches > 0,
        "paid more than once for one zombie": row.most > 1,
        "paid for and not in the ledger": row.unledgered > 0,
    }
    return [claim for claim, is_so in claims.items() if is_so]


def freeze(point: Point, messages: Sequence[Message]) -> list[Hand]:
    """Let a worker of its own take each message, and return them once they are stopped."""
    zombies = []
    for message in messages:
        zombie = Hand(Fate(point.name, signal.SIGSTOP))
        zombie.tell("deliver", [message])
        zombies.append(zombie)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(zombie.state != "T" for zombie in zombies) and time.monotonic() < deadline:
        time.sleep(0.01)
    return zombies


def _row(point: Point, stopped: int, before: View, after: View) -> Row:
    pairs = zip(before.outcomes, after.outcomes, strict=True)
    return Row(
        point=point.name,
        runs=len(after.outcomes),
        stopped=stopped,
        ready=sum(outcome.status == "succeeded" for outcome in before.outcomes),
        mismatches=sum(not outcome.is_whole for outcome in after.outcomes),
        changed=sum(one != other for one, other in pairs),
        unledgered=after.unledgered,
        **extra_paid(after, point.errand.bill),
    )
