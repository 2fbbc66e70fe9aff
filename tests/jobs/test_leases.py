"""The four statements: claim, record, finish, release. Each is refused once the fence is raised."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.db import transaction
from chalicelib.core.models import Job
from chalicelib.jobs import leases, timing
from chalicelib.jobs.exceptions import LeaseLost
from chalicelib.jobs.leases import Claim
from chalicelib.jobs.services import CANCELLED
from chalicelib.workers.sweeper import sweep
from tests.client import Api
from tests.conftest import Worker


@pytest.fixture
def job_id(api: Api) -> UUID:
    return UUID(api.generate().json["job"]["id"])


def claim(job_id: UUID) -> Claim:
    claimed = try_claim(job_id)
    assert claimed is not None
    return claimed


def try_claim(job_id: UUID) -> Claim | None:
    with transaction() as session:
        return leases.claim(session, job_id=job_id)


def expire(session: Session, job_id: UUID) -> None:
    past = sa.func.now() - timedelta(seconds=1)
    session.execute(sa.update(Job).where(Job.id == job_id).values(lease_until=past))


def status(api: Api, job_id: UUID) -> str:
    return str(api.get(f"/jobs/{job_id}").json["status"])


def test_of_fifty_claims_at_once_one_succeeds(job_id: UUID) -> None:
    with ThreadPoolExecutor(50) as pool:
        claims = list(pool.map(lambda _: try_claim(job_id), range(50)))
    assert sum(claimed is not None for claimed in claims) == 1


def test_a_claim_lasts_while_its_lease_does(job_id: UUID, session: Session) -> None:
    first = claim(job_id)
    assert try_claim(job_id) is None
    expire(session, job_id)
    second = claim(job_id)
    assert (second.fence, second.attempt) == (first.fence + 1, 2)


def test_recording_renews_the_lease(job_id: UUID, session: Session) -> None:
    claimed = claim(job_id)
    expire(session, job_id)
    with transaction() as opened:
        leases.record(opened, claimed, step="motto", progress=40)
    assert try_claim(job_id) is None


def test_progress_never_goes_back(api: Api, job_id: UUID) -> None:
    claimed = claim(job_id)
    for step, progress in (("store", 85), ("motto", 50)):
        with transaction() as opened:
            leases.record(opened, claimed, step=step, progress=progress)
    job = api.get(f"/jobs/{job_id}").json
    assert (job["step"], job["progress"]) == ("store", 85)


def test_two_steps_recorded_at_once_are_both_kept(job_id: UUID, session: Session) -> None:
    claimed = claim(job_id)

    def record(number: int) -> None:
        with transaction() as opened:
            leases.record(opened, claimed, step="x", progress=1, checkpoint={str(number): {}})

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(record, range(20)))
    checkpoint = session.scalar(sa.select(Job.checkpoint).where(Job.id == job_id))
    assert len(checkpoint or {}) == 20


@pytest.mark.parametrize("write", ["record", "finish", "fail", "release"])
def test_a_zombie_writes_nothing(api: Api, job_id: UUID, session: Session, write: str) -> None:
    """A worker that slept past its lease, while a successor took the job."""
    zombie = claim(job_id)
    expire(session, job_id)
    claim(job_id)
    before = api.get(f"/jobs/{job_id}").json
    writes = {
        "record": lambda opened: leases.record(opened, zombie, step="x", progress=99),
        "finish": lambda opened: leases.finish(opened, zombie),
        "fail": lambda opened: leases.fail(opened, zombie, error=CANCELLED),
        "release": lambda opened: leases.release(opened, zombie, delay=timedelta()),
    }
    with pytest.raises(LeaseLost), transaction() as opened:
        writes[write](opened)
    assert api.get(f"/jobs/{job_id}").json == before


def test_after_a_cancel_the_worker_writes_nothing(api: Api, job_id: UUID) -> None:
    claimed = claim(job_id)
    api.post(f"/jobs/{job_id}/cancel")
    with pytest.raises(LeaseLost), transaction() as opened:
        leases.finish(opened, claimed)
    assert status(api, job_id) == "cancelled"


def test_finish_and_cancel_at_once_leave_one_end(api: Api) -> None:
    for number in range(10):
        job_id = UUID(api.generate(f"Racer {number}").json["job"]["id"])
        claimed = claim(job_id)

        def finish(claimed: Claim = claimed) -> bool:
            try:
                with transaction() as opened:
                    leases.finish(opened, claimed)
            except LeaseLost:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            finished = pool.submit(finish)
            cancelled = pool.submit(api.post, f"/jobs/{job_id}/cancel")
        assert finished.result() is not (cancelled.result().status == 202)
        assert status(api, job_id) == ("succeeded" if finished.result() else "cancelled")


def test_the_sweeper_queues_what_a_dead_worker_left(
    api: Api, job_id: UUID, session: Session, worker: Worker
) -> None:
    claim(job_id)
    worker.forget()
    expire(session, job_id)
    sweep()
    assert status(api, job_id) == "queued"
    worker.work()
    assert status(api, job_id) == "succeeded"


def test_the_sweeper_leaves_a_living_worker_alone(api: Api, job_id: UUID) -> None:
    claim(job_id)
    sweep()
    assert status(api, job_id) == "running"


def test_the_sweeper_gives_up_after_the_last_attempt(
    api: Api, job_id: UUID, session: Session
) -> None:
    for _ in range(3):
        claim(job_id)
        expire(session, job_id)
    sweep()
    job = api.get(f"/jobs/{job_id}").json
    assert (job["status"], job["error"]["code"]) == ("failed", "exhausted")
    assert job["error"]["retryable"] is True


@pytest.mark.parametrize("is_running", [False, True], ids=["waiting", "running"])
def test_the_sweeper_fails_what_is_past_its_deadline(
    api: Api, job_id: UUID, session: Session, *, is_running: bool
) -> None:
    if is_running:
        claim(job_id)
    session.execute(sa.update(Job).where(Job.id == job_id).values(deadline=sa.func.now()))
    sweep()
    job = api.get(f"/jobs/{job_id}").json
    assert (job["status"], job["error"]["code"]) == ("failed", "deadline")


def test_nothing_past_its_deadline_is_claimed(job_id: UUID, session: Session) -> None:
    session.execute(sa.update(Job).where(Job.id == job_id).values(deadline=sa.func.now()))
    assert try_claim(job_id) is None


def test_a_sent_job_is_not_sent_again_before_it_seems_lost(
    api: Api, job_id: UUID, session: Session, worker: Worker
) -> None:
    worker.forget()
    sweep()
    assert worker.work() == 0
    long_ago = sa.func.now() - timing.RESEND_AFTER - timedelta(seconds=1)
    was_due = sa.update(Job).where(Job.id == job_id)
    session.execute(was_due.values(sent_at=long_ago, queued_at=sa.func.now()))
    sweep()
    assert worker.work() == 0  # it was sent to wait, and is due only now
    session.execute(was_due.values(queued_at=long_ago))
    sweep()
    worker.work()
    assert status(api, job_id) == "succeeded"


def test_what_has_ended_is_written_no_more(api: Api, job_id: UUID) -> None:
    claimed = claim(job_id)
    with transaction() as opened:
        leases.finish(opened, claimed)
    with pytest.raises(LeaseLost), transaction() as opened:
        leases.fail(opened, claimed, error=CANCELLED)
    assert status(api, job_id) == "succeeded"


def test_spent_attempts_are_not_claimed(job_id: UUID, session: Session) -> None:
    for _ in range(3):
        claim(job_id)
        expire(session, job_id)
    assert try_claim(job_id) is None


def test_a_deadline_is_nothing_to_what_has_ended(api: Api, job_id: UUID, session: Session) -> None:
    with transaction() as opened:
        leases.finish(opened, claim(job_id))
    session.execute(sa.update(Job).where(Job.id == job_id).values(deadline=sa.func.now()))
    sweep()
    assert status(api, job_id) == "succeeded"


def test_a_sweep_that_cannot_delete_what_is_old_still_ends_what_is_overdue(
    api: Api, session: Session
) -> None:
    job_id = api.generate().json["job"]["id"]
    session.execute(sa.update(Job).where(Job.id == UUID(job_id)).values(deadline=sa.func.now()))
    with transaction() as other:
        other.execute(sa.text("LOCK TABLE idempotency_records IN ACCESS EXCLUSIVE MODE"))
        sweep()
    assert api.get(f"/jobs/{job_id}").json["error"]["code"] == "deadline"
