"""The statements that carry the guarantees. Each is conditional; the clock is the database's.

A worker claims a job under a lease and is given a fence, a number that only rises. Every later
write of that worker names its fence and writes nothing once somebody else has raised it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from time import perf_counter
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from chalicelib.core.config import settings
from chalicelib.core.models import Job, JobStatus
from chalicelib.jobs import endings, timing
from chalicelib.jobs.exceptions import LeaseLost
from chalicelib.jobs.schemas import JobError
from chalicelib.spending.breakers import CLOSE, closed
from chalicelib.spending.ledger import SETTLE, Receipt, settled

EXHAUSTED = JobError(
    code="exhausted",
    message="The job was tried several times and never came to its end. Try it again.",
    retryable=True,
)
DEADLINE_PASSED = JobError(
    code="deadline",
    message="The job did not end in time. Try it again.",
    retryable=True,
)


@dataclass(frozen=True)
class Claim:
    job_id: UUID
    owner_id: UUID
    kind: str
    about: UUID | None
    fence: int
    attempt: int
    max_attempts: int
    input: Mapping[str, Any]
    checkpoint: Mapping[str, Any]
    time_left: timedelta
    """Until the deadline, when the job was claimed."""
    claimed_at: float = field(default_factory=perf_counter)

    @property
    def subject_id(self) -> UUID:
        """What the job makes something of; the delivery of a webhook has none."""
        if self.about is None:
            message = f"a job of the kind {self.kind} has no subject"
            raise LookupError(message)
        return self.about

    @property
    def is_last_attempt(self) -> bool:
        return self.attempt >= self.max_attempts


_LEASED = (Job.id, Job.owner_id, Job.kind, Job.subject_id, Job.fence, Job.attempt)
_TIME_LEFT = Job.deadline - sa.func.now()

_LEASE = sa.func.now() + sa.bindparam("lease", type_=sa.Interval)
_AFTER_DELAY = sa.func.now() + sa.bindparam("delay", type_=sa.Interval)
_PATCH = sa.bindparam("patch", type_=JSONB)
_PROGRESS = sa.bindparam("to_progress", type_=sa.SmallInteger)


def _fenced(**values: Any) -> ReturningUpdate[UUID]:
    """Return the statement that writes these values while the job is the claim's."""
    return (
        sa.update(Job)
        .where(
            Job.id == sa.bindparam("claimed_id"),
            Job.fence == sa.bindparam("claimed_fence"),
            Job.status == JobStatus.RUNNING,
        )
        .values(updated_at=sa.func.now(), **values)
        .returning(Job.id)
    )


# Made once: to write a statement in Python takes longer than the database takes to do it.
_KINDS = sa.bindparam("kinds", type_=ARRAY(sa.String))
_IS_OURS = sa.or_(_KINDS.is_(None), Job.kind == sa.any_(_KINDS))
_IS_FREE = sa.or_(
    Job.status == JobStatus.QUEUED,
    sa.and_(Job.status == JobStatus.RUNNING, Job.lease_until < sa.func.now()),
)
_CLAIM = (
    sa.update(Job)
    .where(
        Job.id == sa.bindparam("wanted_id"),
        _IS_OURS,
        _IS_FREE,
        Job.attempt < Job.max_attempts,
        Job.deadline > sa.func.now(),
    )
    .values(
        status=JobStatus.RUNNING,
        attempt=Job.attempt + 1,
        fence=Job.fence + 1,
        lease_until=_LEASE,
        started_at=sa.func.coalesce(Job.started_at, sa.func.now()),
        updated_at=sa.func.now(),
    )
    .returning(*_LEASED, Job.max_attempts, Job.input, Job.checkpoint, _TIME_LEFT)
)
_RECORD = _fenced(
    lease_until=_LEASE,
    checkpoint=Job.checkpoint.op("||")(_PATCH),
    step=sa.case((Job.progress <= _PROGRESS, sa.bindparam("to_step")), else_=Job.step),
    progress=sa.func.greatest(Job.progress, _PROGRESS),
)
_RECORD_PAID = _RECORD.add_cte(SETTLE.cte("paid"), CLOSE.cte("alive"))
_FINISH = _fenced(
    status=JobStatus.SUCCEEDED,
    step="done",
    progress=100,
    lease_until=None,
    finished_at=sa.func.now(),
)
_FAIL = _fenced(
    status=JobStatus.FAILED,
    error=sa.bindparam("why", type_=JSONB),
    lease_until=None,
    finished_at=sa.func.now(),
)
_RELEASE = _fenced(
    status=JobStatus.QUEUED,
    fence=Job.fence + 1,
    lease_until=None,
    sent_at=None,
    queued_at=_AFTER_DELAY,
)
_POSTPONE = _fenced(
    status=JobStatus.QUEUED,
    attempt=Job.attempt - 1,
    fence=Job.fence + 1,
    lease_until=None,
    sent_at=None,
    queued_at=sa.func.least(_AFTER_DELAY, Job.deadline) - timing.SEND_GRACE,
)


def claim(session: Session, *, job_id: UUID, kinds: Collection[str] | None = None) -> Claim | None:
    """Take the job, or return None: there is none of these kinds, it has ended, or a worker that
    is alive holds it."""
    wanted = {"wanted_id": job_id, "kinds": None if kinds is None else list(kinds), **_lease()}
    row = session.connection().execute(_CLAIM, wanted).one_or_none()
    return None if row is None else Claim(*row)


def record(
    session: Session,
    claimed: Claim,
    *,
    step: str,
    progress: int,
    checkpoint: Mapping[str, Any] | None = None,
    receipt: Receipt | None = None,
) -> None:
    """Renew the lease and add to the checkpoint. Progress never goes back. The receipt of what was
    paid for goes into the ledger with the same statement, even when the lease is lost.

    Raises `LeaseLost` when the fence has been raised since the claim.
    """
    said = {"to_step": step, "to_progress": progress, "patch": dict(checkpoint or {}), **_lease()}
    if receipt is None:
        _write(session, claimed, _RECORD, **said)
    else:
        paid, alive = settled(receipt), closed(receipt.service)
        _write(session, claimed, _RECORD_PAID, **said, **paid, **alive)


def finish(session: Session, claimed: Claim) -> None:
    """End the job well, in the transaction that publishes its result."""
    _write(session, claimed, _FINISH)
    endings.close(session, job_ids=[claimed.job_id])


def fail(session: Session, claimed: Claim, *, error: JobError) -> None:
    _write(session, claimed, _FAIL, why=error.model_dump())
    endings.close(session, job_ids=[claimed.job_id])


def release(session: Session, claimed: Claim, *, delay: timedelta) -> None:
    """Give the job back to the queue, to be sent again after the delay."""
    _write(session, claimed, _RELEASE, delay=delay)


def postpone(session: Session, claimed: Claim, *, delay: timedelta) -> None:
    """Give the job back with its attempt, to be sent by the sweeper after the delay: a worker that
    sent to its own queue through a long outage would be taken for an endless loop."""
    _write(session, claimed, _POSTPONE, delay=delay)


def fail_overdue(session: Session) -> list[UUID]:
    """Fail every job whose deadline has passed, whatever it was doing."""
    return _ended(session, Job.deadline < sa.func.now(), is_unfinished(), error=DEADLINE_PASSED)


def fail_exhausted(session: Session) -> list[UUID]:
    """Fail the jobs whose last attempt died."""
    is_spent = Job.attempt >= Job.max_attempts
    return _ended(session, _is_abandoned(), is_spent, error=EXHAUSTED)


def requeue_abandoned(session: Session) -> list[UUID]:
    """Queue the jobs again whose worker died: nobody has renewed their lease."""
    rows = session.scalars(
        sa.update(Job)
        .where(_is_abandoned(), Job.attempt < Job.max_attempts)
        .values(
            status=JobStatus.QUEUED,
            fence=Job.fence + 1,
            lease_until=None,
            sent_at=None,
            queued_at=sa.func.now() - timing.SEND_GRACE,
            updated_at=sa.func.now(),
        )
        .returning(Job.id)
    )
    return list(rows)


def list_unheard(session: Session, *, limit: int) -> list[tuple[UUID, str]]:
    """Return queued jobs whose message was never sent, or was sent and seems lost."""
    is_unsent = sa.and_(Job.sent_at.is_(None), Job.queued_at <= sa.func.now() - timing.SEND_GRACE)
    due_at = sa.func.greatest(Job.sent_at, Job.queued_at)  # a message may have been sent to wait
    is_lost = sa.and_(Job.sent_at.is_not(None), due_at < sa.func.now() - timing.RESEND_AFTER)
    rows = session.execute(
        sa.select(Job.id, Job.kind)
        .where(Job.status == JobStatus.QUEUED, sa.or_(is_unsent, is_lost))
        .order_by(Job.queued_at)
        .limit(limit)
    )
    return [(row.id, row.kind) for row in rows]


def _lease() -> dict[str, timedelta]:
    return {"lease": timedelta(seconds=settings().job_lease_seconds)}


def is_unfinished() -> sa.ColumnElement[bool]:
    return Job.status.in_([JobStatus.QUEUED, JobStatus.RUNNING])


def _is_abandoned() -> sa.ColumnElement[bool]:
    return sa.and_(Job.status == JobStatus.RUNNING, Job.lease_until < sa.func.now())


def _write(session: Session, claimed: Claim, statement: sa.Executable, **said: Any) -> None:
    held = {"claimed_id": claimed.job_id, "claimed_fence": claimed.fence}
    if session.connection().scalar(statement, held | said) is None:  # no session here holds the job
        raise LeaseLost


def _ended(session: Session, *conditions: sa.ColumnElement[bool], error: JobError) -> list[UUID]:
    rows = session.scalars(
        sa.update(Job)
        .where(*conditions)
        .values(
            status=JobStatus.FAILED,
            error=error.model_dump(),
            fence=Job.fence + 1,
            lease_until=None,
            finished_at=sa.func.now(),
            updated_at=sa.func.now(),
        )
        .returning(Job.id)
    )
    ended = list(rows)
    endings.close(session, job_ids=ended)
    return ended
