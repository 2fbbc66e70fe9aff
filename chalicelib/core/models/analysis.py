from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from chalicelib.core.models.base import Base, CreatedAt, PrimaryKey


class AnalysisStatus(StrEnum):
    COLLECTING = "collecting"
    CLOSED = "closed"
    ARCHIVED = "archived"


class Relation(StrEnum):
    """What a respondent is to the person described."""

    FRIEND = "friend"
    FAMILY = "family"
    COLLEAGUE = "colleague"
    PARTNER = "partner"
    OTHER = "other"


class InvalidReason(StrEnum):
    """Why a response is kept, and does not count."""

    STRAIGHT_LINE = "straight_line"
    TOO_MANY_UNKNOWN = "too_many_unknown"


class TraitSource(StrEnum):
    PEER = "peer"
    SELF = "self"
    INFERRED = "inferred"
    MANUAL = "manual"


class Analysis(Base):
    """A survey about a user, open to whoever has its link. Of the link only a hash is kept."""

    __tablename__ = "analyses"
    __table_args__ = (
        CheckConstraint("min_responses BETWEEN 3 AND 20", "min_responses"),
        Index("ix_analyses_user_id_id", "user_id", sql("id DESC")),
        Index(
            "uq_analyses_user_id_collecting",
            "user_id",
            unique=True,
            postgresql_where=sql("status = 'collecting'"),
        ),
    )

    id: Mapped[PrimaryKey]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    share_token_hash: Mapped[bytes] = mapped_column(unique=True)
    instrument: Mapped[str] = mapped_column(String(40))
    subject_name: Mapped[str] = mapped_column(String(80))
    min_responses: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[AnalysisStatus] = mapped_column(server_default=AnalysisStatus.COLLECTING.value)
    expires_at: Mapped[datetime]
    created_at: Mapped[CreatedAt]

    def is_open(self, now: datetime) -> bool:
        return self.status is AnalysisStatus.COLLECTING and now < self.expires_at


class AnalysisResponse(Base):
    """What one friend answered. Nothing here says who it was."""

    __tablename__ = "analysis_responses"
    __table_args__ = (
        UniqueConstraint("analysis_id", "respondent_hash"),
        CheckConstraint("familiarity BETWEEN 1 AND 5", "familiarity"),
        CheckConstraint("valid = (invalid_reason IS NULL)", "valid"),
    )

    id: Mapped[PrimaryKey]
    analysis_id: Mapped[UUID] = mapped_column(ForeignKey("analyses.id", ondelete="CASCADE"))
    respondent_hash: Mapped[bytes]
    relation: Mapped[Relation | None]
    familiarity: Mapped[int | None] = mapped_column(SmallInteger)
    answers: Mapped[dict[str, Any]]
    free_text: Mapped[dict[str, Any]]
    valid: Mapped[bool]
    invalid_reason: Mapped[InvalidReason | None]
    created_at: Mapped[CreatedAt]


class TraitProfile(Base):
    """The five traits as one source sees them, each with its margin."""

    __tablename__ = "trait_profiles"
    __table_args__ = (UniqueConstraint("analysis_id", "source"),)

    id: Mapped[PrimaryKey]
    analysis_id: Mapped[UUID] = mapped_column(ForeignKey("analyses.id", ondelete="CASCADE"))
    source: Mapped[TraitSource]
    traits: Mapped[dict[str, Any]]
    n: Mapped[int] = mapped_column(SmallInteger)
    instrument: Mapped[str] = mapped_column(String(40))
    scoring_version: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]
