import datetime as dt
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from chalicelib.core.models.base import Base, CreatedAt, Lsn, PrimaryKey


class ConversationMode(StrEnum):
    CHAT = "chat"
    PANEL = "panel"
    CREATIVE = "creative"


class ConversationStatus(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    CLOSED = "closed"
    ARCHIVED = "archived"


class Voice(StrEnum):
    HUMAN = "human"
    AI = "ai"


class ParticipantRole(StrEnum):
    HOST = "host"
    GUEST = "guest"


class Moderation(StrEnum):
    """What is blocked is shown to its author, and never to a model again."""

    OK = "ok"
    FLAGGED = "flagged"
    BLOCKED = "blocked"


class Conversation(Base):
    """A talk. Everything that is written into it is written under this row's lock.

    `written_lsn` rises with every write, so that a copy of the row says how much of the talk the
    replica has. `open_tokens` is what the messages after `summary_upto_seq` come to.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        CheckConstraint("next_seq > summary_upto_seq AND summary_upto_seq >= 0", "seq"),
        CheckConstraint("(summary IS NULL) = (summary_upto_seq = 0)", "summary"),
        CheckConstraint("open_tokens >= 0", "open_tokens"),
        Index(
            "uq_conversations_persona_id_owner_id",
            "persona_id",
            "owner_id",
            unique=True,
            postgresql_where=text("persona_id IS NOT NULL"),
        ),
        Index("ix_conversations_owner_id_spoken_at", "owner_id", text("spoken_at DESC")),
    )

    id: Mapped[PrimaryKey]
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    persona_id: Mapped[UUID | None] = mapped_column(ForeignKey("personas.id", ondelete="SET NULL"))
    """With whom the owner chats; nobody in a room, where only the participants say who is there."""
    mode: Mapped[ConversationMode] = mapped_column(server_default=ConversationMode.CHAT.value)
    status: Mapped[ConversationStatus] = mapped_column(
        server_default=ConversationStatus.ACTIVE.value
    )
    next_seq: Mapped[int] = mapped_column(server_default="1")
    open_tokens: Mapped[int] = mapped_column(server_default="0")
    summary: Mapped[str | None] = mapped_column(Text)
    summary_upto_seq: Mapped[int] = mapped_column(server_default="0")
    written_lsn: Mapped[Lsn] = mapped_column(server_default=text("pg_current_wal_insert_lsn()"))
    created_at: Mapped[CreatedAt]
    spoken_at: Mapped[CreatedAt]


class Participant(Base):
    """Somebody in a talk, by the number that messages name them with."""

    __tablename__ = "participants"
    __table_args__ = (
        CheckConstraint("number > 0", "number"),
        Index(
            "uq_participants_conversation_id_persona_id",
            "conversation_id",
            "persona_id",
            unique=True,
            postgresql_where=text("persona_id IS NOT NULL"),
        ),
    )

    conversation_id: Mapped[UUID] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    user_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    persona_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("personas.id", ondelete="SET NULL"), index=True
    )
    voice: Mapped[Voice]
    role: Mapped[ParticipantRole]
    joined_at: Mapped[CreatedAt]
    left_at: Mapped[datetime | None]


class Message(Base):
    """What somebody has said. `tokens` is our estimate, which the context is budgeted by."""

    __tablename__ = "messages"
    __table_args__ = (
        ForeignKeyConstraint(
            ["conversation_id", "participant"],
            ["participants.conversation_id", "participants.number"],
            ondelete="CASCADE",
        ),
        CheckConstraint("seq > 0", "seq"),
        CheckConstraint("tokens >= 0", "tokens"),
    )

    conversation_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    participant: Mapped[int] = mapped_column(SmallInteger)
    moderation: Mapped[Moderation] = mapped_column(server_default=Moderation.OK.value)
    tokens: Mapped[int]
    created_at: Mapped[CreatedAt]
    content: Mapped[str] = mapped_column(Text)


class Turn(Base):
    """A turn under way: who holds the talk until when, and what is set aside for it. The row is
    gone when the turn has ended; `id` is its fence."""

    __tablename__ = "turns"
    __table_args__ = (CheckConstraint("texts >= 0 AND cost_micros >= 0", "counts"),)

    conversation_id: Mapped[UUID] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[UUID] = mapped_column(server_default=text("uuidv7()"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    seq: Mapped[int]
    """The message that is being answered."""
    day: Mapped[dt.date]
    texts: Mapped[int]
    cost_micros: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[datetime]
    created_at: Mapped[CreatedAt]
