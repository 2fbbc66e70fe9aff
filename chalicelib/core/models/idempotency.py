from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from chalicelib.core.models.base import Base


class IdempotencyRecord(Base):
    """The answer to a request that carried a key. `scope` and `fingerprint` are hashes; `answer` is
    sealed, as it may hold what is kept nowhere else in clear."""

    __tablename__ = "idempotency_records"

    scope: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    fingerprint: Mapped[bytes]
    answer: Mapped[bytes]
    expires_at: Mapped[datetime] = mapped_column(index=True)
