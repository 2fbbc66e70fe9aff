"""What people do with jobs: ask for one, look, cancel, try again."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, undefer

from chalicelib.core.db import after_commit, reading, transaction
from chalicelib.core.errors import Unavailable
from chalicelib.core.models import Job, JobStatus
from chalicelib.core.ports import Queue
from chalicelib.jobs import endings, timing
from chalicelib.jobs.announcements import DELIVER_WEBHOOK, list_unsent
from chalicelib.jobs.exceptions import (
    JobAlreadyFinished,
    JobNotFound,
    JobNotRetryable,
    JobUnfinished,
)
from chalicelib.jobs.leases import is_unfinished
from chalicelib.jobs.schemas import DeliveriesQuery, JobError, JobsQuery
from chalicelib.spending import quotas
from chalicelib.spending.quotas import Needs

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class JobKind:
    name: str
    needs: Needs = field(default_factory=Needs)


CANCELLED = JobError(
    code="cancelled", message="This job was cancelled on request.", retryable=False
)


def create_job(
    session: Session,
    queue: Queue,
    *,
    owner_id: UUID,
    kind: JobKind,
    subject_id: UUID,
    data: dict[str, Any],
) -> Job:
    """Accept a job, with the most that it may spend set aside.

    Raises `QuotaExceeded` or `BudgetExceeded`.
    """
    job = Job(
        owner_id=owner_id,
        kind=kind.name,
        subject_id=subject_id,
        input=data,
        text_steps=kind.needs.texts,
        image_steps=kind.needs.images,
        max_attempts=timing.MAX_ATTEMPTS,
        deadline=sa.func.now() + timing.DEADLINE,
    )
    session.add(job)
    session.flush()
    session.refresh(job)
    quotas.reserve(session, user_id=owner_id, job_id=job.id, needs=kind.needs)
    after_commit(session, lambda: send_job(queue, job_id=job.id, kind=kind.name))
    return job


def send_job(queue: Queue, *, job_id: UUID, kind: str, delay_seconds: int = 0) -> None:
    """Tell the queue of a committed job, and note that it was told.

    What fails here is left to the sweeper: the job has been accepted, and stays so.
    """
    try:
        queue.send(job_id, kind=kind, delay_seconds=delay_seconds)
        with transaction() as session:
            session.execute(sa.update(Job).where(Job.id == job_id).values(sent_at=sa.func.now()))
    except Unavailable as error:
        log.warning("left to the sweeper", extra={"job_id": job_id, "code": error.code})


def send_deliveries(queue: Queue, *, job_id: UUID) -> None:
    """Tell the queue of the webhooks that a job's end has left."""
    try:
        with reading() as session:
            unsent = list_unsent(session, job_id=job_id)
    except Unavailable as error:
        log.warning("left to the sweeper", extra={"parent_id": job_id, "code": error.code})
        return
    for delivery_id in unsent:
        send_job(queue, job_id=delivery_id, kind=DELIVER_WEBHOOK)


def list_jobs(session: Session, *, owner_id: UUID, query: JobsQuery) -> Sequence[Job]:
    """Return the owner's jobs after the cursor, newest first, and one more if there is one. What
    a job has set going is listed with it alone."""
    wanted = sa.select(Job).where(Job.owner_id == owner_id, Job.parent_id.is_(None))
    if query.status is not None:
        wanted = wanted.where(Job.status == query.status)
    if query.kind is not None:
        wanted = wanted.where(Job.kind == query.kind)
    if query.unseen is not None:
        wanted = wanted.where(is_unseen() if query.unseen else ~is_unseen())
    if query.cursor is not None:
        wanted = wanted.where(Job.id < query.cursor)
    return session.scalars(wanted.order_by(Job.id.desc()).limit(query.limit + 1)).all()


def is_running() -> sa.ColumnElement[bool]:
    """What somebody has asked for and is waiting for."""
    return sa.and_(is_unfinished(), Job.parent_id.is_(None))


def is_unseen() -> sa.ColumnElement[bool]:
    """What has ended, not by its owner's own will, and they have not looked at yet."""
    # Literals: the planner has to see that the index of unseen jobs answers this.
    ended = sa.text("jobs.status IN ('succeeded', 'failed')")
    return sa.and_(ended, Job.seen_at.is_(None), Job.parent_id.is_(None))


def mark_seen(session: Session, *, owner_id: UUID, job_id: UUID) -> None:
    """Note that the owner has seen how the job ended. A second time it changes nothing."""
    job = get_job(session, owner_id=owner_id, job_id=job_id)
    if not job.status.is_final:
        raise JobUnfinished
    wanted = sa.update(Job).where(Job.id == job_id, Job.seen_at.is_(None), ~is_unfinished())
    session.execute(wanted.values(seen_at=sa.func.now()))


def get_job(session: Session, *, owner_id: UUID, job_id: UUID) -> Job:
    """Return one of the owner's jobs; another user's is not found either."""
    wanted = sa.select(Job).where(Job.id == job_id, Job.owner_id == owner_id)
    if (job := session.scalar(wanted)) is None:
        raise JobNotFound
    return job


def list_deliveries(
    session: Session, *, owner_id: UUID, job_id: UUID, query: DeliveriesQuery
) -> Sequence[Job]:
    """Return the webhooks that tell of the job's ends, newest first, and one more if there is
    one."""
    get_job(session, owner_id=owner_id, job_id=job_id)
    wanted = sa.select(Job).where(Job.parent_id == job_id, Job.kind == DELIVER_WEBHOOK)
    if query.cursor is not None:
        wanted = wanted.where(Job.id < query.cursor)
    newest = wanted.options(undefer(Job.checkpoint), undefer(Job.input)).order_by(Job.id.desc())
    return session.scalars(newest.limit(query.limit + 1)).all()


def cancel_job(session: Session, queue: Queue, *, owner_id: UUID, job_id: UUID) -> Job:
    """End the job now. Its worker finds out at its next write, and stops."""
    cancelled = _cancelled(session, Job.id == job_id, Job.owner_id == owner_id)
    if not cancelled:
        get_job(session, owner_id=owner_id, job_id=job_id)
        raise JobAlreadyFinished
    after_commit(session, lambda: send_deliveries(queue, job_id=job_id))
    return cancelled[0]


def forget_jobs(session: Session, *, owner_id: UUID, subject_id: UUID) -> Sequence[UUID]:
    """Cancel the jobs about something that is going away, keep nothing of what they were asked
    for or have made, and let none be tried again. Return them all."""
    theirs = (Job.owner_id == owner_id, Job.subject_id == subject_id)
    _cancelled(session, *theirs)
    final = sa.bindparam("final", {"retryable": False}, type_=JSONB)
    return session.scalars(
        sa.update(Job)
        .where(*theirs)
        .values(input={}, checkpoint={}, error=Job.error.op("||")(final))
        .returning(Job.id)
    ).all()


def is_busy(session: Session, *, owner_id: UUID, subject_id: UUID, kinds: Collection[str]) -> bool:
    """Say whether a job of one of these kinds is waiting or running for the subject."""
    wanted = sa.select(Job.id).where(
        Job.owner_id == owner_id, Job.subject_id == subject_id, Job.kind.in_(kinds), is_unfinished()
    )
    return session.scalar(wanted.limit(1)) is not None


def retry_job(session: Session, queue: Queue, *, owner_id: UUID, job_id: UUID) -> Job:
    """Queue a failed job again. What its checkpoint holds is not done, or paid for, twice."""
    queued: Job | None = session.scalar(
        sa.update(Job)
        .where(
            Job.id == job_id,
            Job.owner_id == owner_id,
            Job.status == JobStatus.FAILED,
            Job.error["retryable"].as_boolean(),
        )
        .values(
            status=JobStatus.QUEUED,
            error=None,
            attempt=0,
            fence=Job.fence + 1,
            finished_at=None,
            sent_at=None,
            seen_at=None,
            queued_at=sa.func.now(),
            updated_at=sa.func.now(),
            deadline=sa.func.now() + _time_allowed(),
        )
        .returning(Job)
    )
    if queued is None:
        get_job(session, owner_id=owner_id, job_id=job_id)
        raise JobNotRetryable
    needs = Needs(texts=queued.text_steps, images=queued.image_steps)
    quotas.reserve(session, user_id=owner_id, job_id=job_id, needs=needs)
    after_commit(session, lambda: send_job(queue, job_id=job_id, kind=queued.kind))
    return queued


def _time_allowed() -> sa.ColumnElement[Any]:
    is_delivery = Job.kind == DELIVER_WEBHOOK
    return sa.case((is_delivery, timing.DELIVERY_DEADLINE), else_=timing.DEADLINE)


def _cancelled(session: Session, *conditions: sa.ColumnElement[bool]) -> Sequence[Job]:
    cancelled = session.scalars(
        sa.update(Job)
        .where(*conditions, is_unfinished())
        .values(
            status=JobStatus.CANCELLED,
            error=CANCELLED.model_dump(),
            fence=Job.fence + 1,
            lease_until=None,
            finished_at=sa.func.now(),
            updated_at=sa.func.now(),
        )
        .returning(Job)
    ).all()
    endings.close(session, job_ids=[job.id for job in cancelled])
    return cancelled
