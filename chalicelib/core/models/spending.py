import datetime as dt
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from chalicelib.core.models.base import Base, CreatedAt, PrimaryKey


class UsageKind(StrEnum):
    TEXT = "text"
    IMAGE = "image"
    MODERATION = "moderation"


class UsageStatus(StrEnum):
    """An intent is a call whose outcome is not known: it counts with the most it can cost."""

    INTENT = "intent"
    SETTLED = "settled"
    VOID = "void"


class UsageEvent(Base):
    """The ledger: one row for each call to a vendor, committed before the call is made."""

    __tablename__ = "usage_events"
    __table_args__ = (
        UniqueConstraint("job_id", "step", "attempt"),
        CheckConstraint("attempt > 0", "attempt"),
        CheckConstraint("cost_micros >= 0", "cost"),
        CheckConstraint("(status = 'intent') = (settled_at IS NULL)", "settled"),
        CheckConstraint("status <> 'void' OR cost_micros = 0", "void"),
        Index("ix_usage_events_user_id_day", "user_id", "day"),
        Index(
            "uq_usage_events_turn_id_step",
            "turn_id",
            "step",
            unique=True,
            postgresql_where=text("turn_id IS NOT NULL"),
        ),
    )

    id: Mapped[PrimaryKey]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"))
    turn_id: Mapped[UUID | None]
    """Of a chat. The turn itself is gone when it has ended."""
    step: Mapped[str] = mapped_column(String(32))
    attempt: Mapped[int] = mapped_column(SmallInteger)
    provider: Mapped[str] = mapped_column(String(32))
    model: Mapped[str] = mapped_column(String(200))
    kind: Mapped[UsageKind]
    units: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    cost_micros: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[UsageStatus] = mapped_column(server_default=UsageStatus.INTENT.value)
    day: Mapped[dt.date]
    created_at: Mapped[CreatedAt]
    settled_at: Mapped[datetime | None]


class Reservation(Base):
    """What an unfinished job may still spend. It is gone when the job has ended."""

    __tablename__ = "reservations"

    job_id: Mapped[UUID] = mapped_column(
        ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    day: Mapped[dt.date]
    texts: Mapped[int]
    images: Mapped[int]
    cost_micros: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[CreatedAt]


class DailyUsage(Base):
    """What a user has used on a day (UTC), and what is reserved for jobs under way."""

    __tablename__ = "daily_usage"
    __table_args__ = (CheckConstraint("texts >= 0 AND images >= 0", "counts"),)

    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    texts: Mapped[int]
    images: Mapped[int]


class DailyCost(Base):
    """What everybody together has cost on a day (UTC), and what is reserved."""

    __tablename__ = "daily_costs"
    __table_args__ = (CheckConstraint("cost_micros >= 0", "cost"),)

    day: Mapped[dt.date] = mapped_column(primary_key=True)
    cost_micros: Mapped[int] = mapped_column(BigInteger)


class Breaker(Base):
    """The health of a vendor's model. No row, or none that is open: calls may be made."""

    __tablename__ = "breakers"
    __table_args__ = (
        CheckConstraint("failures >= 0", "failures"),
        CheckConstraint("NOT is_probed OR open_until IS NOT NULL", "probe"),
    )

    provider: Mapped[str] = mapped_column(String(32), primary_key=True)
    model: Mapped[str] = mapped_column(String(200), primary_key=True)
    failures: Mapped[int]
    open_until: Mapped[datetime | None]
    is_probed: Mapped[bool] = mapped_column(server_default=text("false"))
