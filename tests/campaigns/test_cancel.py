"""A cancel wins or loses against the worker's end; once it has won, nothing more is bought."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest

from chalicelib import wiring
from chalicelib.core.db import transaction
from chalicelib.jobs import leases
from chalicelib.jobs.exceptions import JobAlreadyFinished, LeaseLost
from chalicelib.jobs.leases import Claim
from chalicelib.jobs.services import cancel_job
from tests.campaigns.errands import PERSONA, TEXTS, bill_of
from tests.campaigns.harness import Harness, prefix_of
from tests.campaigns.points import POINTS
from tests.campaigns.zombie import freeze
from tests.client import Api

ROUNDS = 100
AT_ONCE = 50


def has_ended_it(end: Callable[[], None], barrier: Barrier) -> bool:
    barrier.wait()
    try:
        end()
    except (LeaseLost, JobAlreadyFinished):
        return False
    return True


def finish(claimed: Claim) -> None:
    with transaction() as session:
        leases.finish(session, claimed)


def cancel(claimed: Claim) -> None:
    with transaction() as session:
        queue = wiring.ports().queue
        cancel_job(session, queue, owner_id=claimed.owner_id, job_id=claimed.job_id)


def test_of_fifty_that_end_a_job_at_once_one_does(harness: Harness, api: Api) -> None:
    names = harness.begin(ROUNDS)
    accepted = harness.accept(names, PERSONA)
    barrier = Barrier(AT_ONCE)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _, answer in accepted:
            with transaction() as session:
                claimed = leases.claim(session, job_id=UUID(answer["job"]["id"]))
            assert claimed is not None
            ends = [lambda c=claimed: finish(c), lambda c=claimed: cancel(c)] * (AT_ONCE // 2)
            ended = list(pool.map(has_ended_it, ends, [barrier] * AT_ONCE))
            assert sum(ended) == 1
            is_cancelled = any(ended[1::2])
            status = "cancelled" if is_cancelled else "succeeded"
            assert harness.statuses(prefix_of(names))[claimed.job_id] == status


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("worker: claimed", []),
        ("moderation: unread", []),
        ("moderation: after the record", []),
        ("character: before the intent", ["motto", "image"]),
        ("character: intent recorded", ["motto", "image", "character"]),
        ("character: answered", ["motto", "image", "character"]),
        ("verify: before the intent", ["motto", "image", "character"]),
        ("verify: intent recorded", ["motto", "image", "character", "verify"]),
        ("dall-e: before the intent", TEXTS),
        ("dall-e: intent recorded", [*TEXTS, "image"]),
        ("dall-e: PUT", [*TEXTS, "image"]),
        ("openjourney: before the intent", TEXTS),
        ("openjourney: polling", [*TEXTS, "prediction"]),
        ("publish: before", [*TEXTS, "image"]),
    ],
)
def test_after_a_cancel_nothing_is_bought_that_was_not_intended_before(
    harness: Harness, name: str, steps: Sequence[str]
) -> None:
    point = POINTS[name]
    names = harness.begin(1)
    ((_, answer),) = harness.accept(names, point.errand)
    (worker,) = freeze(point, harness.receive())
    assert worker.state == "T"
    assert harness.post(f"/jobs/{answer['job']['id']}/cancel") == 202
    worker.go_on()
    worker.answer()
    worker.close()
    seen = harness.look(prefix_of(names))
    (outcome,) = seen.outcomes
    assert outcome.status == "cancelled"
    assert outcome.is_nothing
    assert seen.bill(outcome) == bill_of(*steps)
    assert (seen.unledgered, seen.reserved) == (0, 0)
