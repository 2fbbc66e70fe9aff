"""Product time. Nothing sleeps: the rows are moved into the past."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import Job, JobStatus

SHIFTED = ("lease_until", "deadline", "sent_at", "queued_at", "created_at", "updated_at")


class Clock:
    def __init__(self, session: Session) -> None:
        self._session = session
        self.now = 0.0

    def advance(self, seconds: float) -> None:
        let_time_pass(self._session, seconds)
        self.now += seconds


def let_time_pass(session: Session, seconds: float) -> None:
    """Make every job that has not ended older, as if nothing had happened for so long."""
    step = sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    session.execute(
        sa.update(Job)
        .where(Job.status.in_([JobStatus.QUEUED, JobStatus.RUNNING]))
        .values({name: getattr(Job, name) - step for name in SHIFTED})
    )
