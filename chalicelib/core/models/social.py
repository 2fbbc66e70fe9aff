import datetime as dt
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Computed, Double, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from chalicelib.core.models.base import Base, CreatedAt, PrimaryKey

EVERYTHING = ""
"""The tag under which every listed persona stands once."""

_SCORE = "(upvotes - downvotes)"
_HOT = (
    f"sign({_SCORE}::double precision) * log(greatest(abs{_SCORE}, 1)::double precision) + "
    "(extract(epoch from listed_at - timestamptz '2005-12-08 07:46:43+00'))::double precision"
    " / 45000"
)
"""Reddit's published formula: ten times the votes weigh as much as 12.5 hours."""


class Target(StrEnum):
    """What somebody may like, look at or report."""

    PERSONA = "persona"


class Engagement(StrEnum):
    UPVOTE = "upvote"
    DOWNVOTE = "downvote"
    LIKE = "like"
    VIEW = "view"
    SHARE = "share"


class ModerationStatus(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    BLOCKED = "blocked"


class FeedEntry(Base):
    """A public persona in a list: one row for the list of all, and one for each of its tags.

    A trigger on `personas` writes the rows, in the transaction that changes the persona. A row
    holds all that a page shows, so that a page reads nothing else. Only the row of the list of all
    has `words`.
    """

    __tablename__ = "feed_entries"
    __table_args__ = (
        Index("ix_feed_entries_hot", "tag", text("hot DESC"), text("persona_id DESC")),
        Index("ix_feed_entries_top", "tag", text("score DESC"), text("persona_id DESC")),
        Index("ix_feed_entries_new", "tag", text("listed_at DESC"), text("persona_id DESC")),
        Index(
            "ix_feed_entries_words",
            "words",
            postgresql_using="gin",
            postgresql_with={"gin_pending_list_limit": "64"},
        ),
        Index(
            "ix_feed_entries_name",
            "name",
            postgresql_using="gin",
            postgresql_ops={"name": "gin_trgm_ops"},
            postgresql_where=text("tag = ''"),
            postgresql_with={"gin_pending_list_limit": "64"},
        ),
        {"postgresql_with": {"fillfactor": "85"}},
    )

    persona_id: Mapped[UUID] = mapped_column(
        ForeignKey("personas.id", ondelete="CASCADE"), primary_key=True
    )
    tag: Mapped[str] = mapped_column(String(40), primary_key=True)
    owner_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(String(80))
    card: Mapped[dict[str, Any]]
    words: Mapped[Any | None] = mapped_column(TSVECTOR)
    listed_at: Mapped[datetime]
    upvotes: Mapped[int] = mapped_column(server_default="0")
    downvotes: Mapped[int] = mapped_column(server_default="0")
    likes: Mapped[int] = mapped_column(server_default="0")
    views: Mapped[int] = mapped_column(BigInteger, server_default="0")
    shares: Mapped[int] = mapped_column(server_default="0")
    score: Mapped[int] = mapped_column(Computed(_SCORE, persisted=True))
    hot: Mapped[float] = mapped_column(Double, Computed(_HOT, persisted=True))


class EngagementEvent(Base):
    """What somebody did with a target. A vote or a like is there until it is taken back; a view or
    a share counts once a day."""

    __tablename__ = "engagement_events"
    __table_args__ = (
        Index(
            "uq_engagement_events_actor_key",
            *("actor_key", "target_type", "target_id", "kind", "day"),
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index(
            "uq_engagement_events_vote",
            *("actor_key", "target_type", "target_id"),
            unique=True,
            postgresql_where=text("kind IN ('upvote', 'downvote')"),
        ),
        Index("ix_engagement_events_target", "target_type", "target_id", "kind"),
        Index(
            "ix_engagement_events_trend",
            "created_at",
            postgresql_where=text("kind IN ('upvote', 'like', 'share')"),
        ),
    )

    id: Mapped[PrimaryKey]
    actor_key: Mapped[UUID]
    """The user's id, or what a visitor's token comes to."""
    target_type: Mapped[Target]
    target_id: Mapped[UUID]
    kind: Mapped[Engagement]
    day: Mapped[dt.date | None]
    created_at: Mapped[CreatedAt]


class ModerationItem(Base):
    """What somebody has reported, until it is decided."""

    __tablename__ = "moderation_items"
    __table_args__ = (
        Index(
            "uq_moderation_items_reporter_id",
            *("reporter_id", "target_type", "target_id"),
            unique=True,
            postgresql_where=text("status = 'open'"),
        ),
        Index("ix_moderation_items_open", "id", postgresql_where=text("status = 'open'")),
        Index("ix_moderation_items_reporter_id", "reporter_id"),
        Index("ix_moderation_items_decided_by", "decided_by"),
    )

    id: Mapped[PrimaryKey]
    reporter_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    target_type: Mapped[Target]
    target_id: Mapped[UUID]
    reason: Mapped[str] = mapped_column(Text)
    scores: Mapped[dict[str, Any] | None]
    status: Mapped[ModerationStatus] = mapped_column(server_default=ModerationStatus.OPEN.value)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    decided_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
