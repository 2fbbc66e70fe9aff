"""What the ledger, the counters and the reservations say, for tests to compare."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.db import transaction
from chalicelib.core.models import DailyCost, DailyUsage, Job, Reservation, UsageEvent
from chalicelib.jobs import leases
from chalicelib.jobs.leases import Claim
from chalicelib.jobs.purchases import Order, buy


class Killed(BaseException):
    """Death in the middle of a call: nothing of ours runs any more."""


def claim(job_id: str | UUID) -> Claim:
    with transaction() as session:
        claimed = leases.claim(session, job_id=UUID(str(job_id)))
    assert claimed is not None
    return claimed


def die_after(claimed: Claim, order: Order[Any]) -> None:
    """Make the call, and die before its answer is written down."""

    def call() -> Any:
        order.call()
        raise Killed

    with suppress(Killed):
        buy(claimed, Order(order.step, order.service, call, order.progress, order.marks))


def expire(session: Session, job_id: str) -> None:
    past = sa.func.now() - sa.text("interval '1 second'")
    session.execute(sa.update(Job).where(Job.id == job_id).values(lease_until=past))


def events(session: Session, job_id: str) -> Sequence[UsageEvent]:
    wanted = sa.select(UsageEvent).where(UsageEvent.job_id == job_id)
    return session.scalars(
        wanted.order_by(UsageEvent.id).execution_options(populate_existing=True)
    ).all()


def entries(session: Session, job_id: str) -> list[tuple[str, int, str]]:
    """Return (step, attempt, status), in the alphabet's order."""
    return sorted((each.step, each.attempt, each.status.value) for each in events(session, job_id))


def reserved(session: Session, job_id: str) -> tuple[int, int] | None:
    wanted = sa.select(Reservation.texts, Reservation.images).where(Reservation.job_id == job_id)
    row = session.execute(wanted).one_or_none()
    return None if row is None else (row.texts, row.images)


def counted(session: Session, user_id: str) -> tuple[int, int]:
    """Return the texts and the images of the user's day."""
    wanted = sa.select(DailyUsage.texts, DailyUsage.images).where(DailyUsage.user_id == user_id)
    row = session.execute(wanted).one_or_none()
    return (0, 0) if row is None else (row.texts, row.images)


def spent(session: Session) -> int:
    return session.scalar(sa.select(sa.func.sum(DailyCost.cost_micros))) or 0


def let_time_pass(session: Session, seconds: float) -> None:
    """Move everything that waits for the clock into the past."""
    moved = {
        "jobs": ("queued_at", "sent_at", "deadline", "lease_until"),
        "breakers": ("open_until",),
        "usage_events": ("created_at",),
    }
    for table, columns in moved.items():
        values = ", ".join(f"{name} = {name} - make_interval(secs => :seconds)" for name in columns)
        session.execute(sa.text(f"UPDATE {table} SET {values}"), {"seconds": seconds})  # noqa: S608
