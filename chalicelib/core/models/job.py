from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from chalicelib.core.models.base import Base, CreatedAt, PrimaryKey

POLL_SECONDS = 2


class JobStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self in {JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED}


class Job(Base):
    """Slow work. The row is the outbox: it is committed first, the queue only hears of it."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint("progress BETWEEN 0 AND 100", "progress"),
        CheckConstraint("(status = 'running') = (lease_until IS NOT NULL)", "lease"),
        CheckConstraint(
            "(status IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL)",
            "finished",
        ),
        CheckConstraint("(status IN ('failed', 'cancelled')) = (error IS NOT NULL)", "error"),
        Index("ix_jobs_owner_id_id", "owner_id", text("id DESC")),
        Index("ix_jobs_parent_id", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
        Index(
            "ix_jobs_unseen",
            "owner_id",
            text("id DESC"),
            postgresql_where=text(
                "status IN ('succeeded', 'failed') AND seen_at IS NULL AND parent_id IS NULL"
            ),
        ),
        Index(
            "ix_jobs_unfinished",
            "status",
            "deadline",
            postgresql_where=text("status IN ('queued', 'running')"),
        ),
    )

    id: Mapped[PrimaryKey]
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(64))
    subject_id: Mapped[UUID | None]
    status: Mapped[JobStatus] = mapped_column(server_default=JobStatus.QUEUED.value)
    step: Mapped[str] = mapped_column(String(32), server_default="queued")
    progress: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    input: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    checkpoint: Mapped[dict[str, Any]] = mapped_column(server_default="{}", deferred=True)
    error: Mapped[dict[str, Any] | None]
    text_steps: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    """How many of its steps ask a vendor for a text; a retry reserves for them again."""
    image_steps: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    attempt: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    max_attempts: Mapped[int] = mapped_column(SmallInteger, server_default="3")
    fence: Mapped[int] = mapped_column(server_default="0")
    lease_until: Mapped[datetime | None]
    webhook_url: Mapped[str | None] = mapped_column(String(2048))
    deadline: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
    queued_at: Mapped[CreatedAt]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    updated_at: Mapped[CreatedAt]

    @property
    def etag(self) -> str:
        return f'"{self.updated_at.timestamp():.6f}"'

    @property
    def poll_after(self) -> int | None:
        """Seconds after which it is worth looking again; None once nothing will change."""
        return None if self.status.is_final else POLL_SECONDS
