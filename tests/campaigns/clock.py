"""Product time. Nothing sleeps: the rows are moved into the past."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import Breaker, Job, JobStatus, UsageEvent


class Clock:
    def __init__(self, session: Session) -> None:
        self._session = session
        self.now = 0.0

    def advance(self, seconds: float) -> None:
        let_time_pass(self._session, seconds)
        self.now += seconds


def let_time_pass(session: Session, seconds: float) -> None:
    """Make what waits for the clock older, as if nothing had happened for so long."""
    step = sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    moved = ("lease_until", "deadline", "sent_at", "queued_at", "created_at", "updated_at")
    is_unfinished = Job.status.in_([JobStatus.QUEUED, JobStatus.RUNNING])
    jobs = sa.update(Job).where(is_unfinished)
    session.execute(jobs.values({name: getattr(Job, name) - step for name in moved}))
    session.execute(sa.update(UsageEvent).values(created_at=UsageEvent.created_at - step))
    session.execute(sa.update(Breaker).values(open_until=Breaker.open_until - step))
