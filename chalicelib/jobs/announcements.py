"""Who asked to hear of a job's end hears of it: the webhook is a job of its own.

It is committed with the end that it tells of, one for each end. From then on it is claimed, retried
and swept like any job, on a queue and with a deadline of its own.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import Job
from chalicelib.jobs import timing

DELIVER_WEBHOOK = "deliver_webhook"

_TOLD = (
    Job.id,
    Job.owner_id,
    Job.kind,
    Job.status,
    Job.subject_id,
    Job.error,
    Job.finished_at,
    Job.webhook_url,
)


def announce(session: Session, *, job_ids: Sequence[UUID]) -> None:
    """Leave a delivery for each of these jobs, which have just ended, that somebody waits for. The
    sweeper sends what nobody else does."""
    wanted = sa.select(*_TOLD).where(Job.id.in_(job_ids), Job.webhook_url.is_not(None))
    session.add_all(_delivery(ended) for ended in session.execute(wanted))


def list_unsent(session: Session, *, job_id: UUID) -> Sequence[UUID]:
    """Return the deliveries of this job of which no queue has heard."""
    return session.scalars(
        sa.select(Job.id).where(Job.parent_id == job_id, Job.sent_at.is_(None), Job.attempt == 0)
    ).all()


def _delivery(ended: sa.Row[Any]) -> Job:
    return Job(
        owner_id=ended.owner_id,
        parent_id=ended.id,
        kind=DELIVER_WEBHOOK,
        input={"url": ended.webhook_url, "event": _event(ended)},
        max_attempts=timing.DELIVERY_ATTEMPTS,
        deadline=sa.func.now() + timing.DELIVERY_DEADLINE,
        queued_at=sa.func.now() - timing.SEND_GRACE,
    )


def _event(ended: sa.Row[Any]) -> dict[str, Any]:
    """Name what has ended, and how; what it made is for its owner to fetch."""
    data = {
        "job_id": str(ended.id),
        "kind": ended.kind,
        "status": ended.status.value,
        "persona_id": str(ended.subject_id) if ended.subject_id else None,
    }
    return {
        "type": f"job.{ended.status.value}",
        "timestamp": ended.finished_at.isoformat(),
        "data": data | ({"error": ended.error} if ended.error else {}),
    }
