from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from chalicelib.core.models.base import Base, CreatedAt


class VendorNotice(Base):
    """A vendor's webhook that has been taken: which of our orders it was about, and under which
    reference the vendor works on it. What was ordered or made is not kept."""

    __tablename__ = "webhook_inbox"
    __table_args__ = (
        Index("ix_webhook_inbox_job_id_step", "job_id", "step"),
        Index("ix_webhook_inbox_created_at", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    step: Mapped[str] = mapped_column(String(64))
    reference: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[CreatedAt]
