"""conversations, participants, messages, and turns under way"""

import sqlalchemy as sa
from alembic import op

from chalicelib.core.models.base import LsnType

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_conversations()
    _create_participants()
    _create_messages()
    _create_turns()
    op.add_column("usage_events", sa.Column("turn_id", sa.Uuid(), nullable=True))
    op.create_index(
        "uq_usage_events_turn_id_step",
        "usage_events",
        ["turn_id", "step"],
        unique=True,
        postgresql_where=sa.text("turn_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("uq_usage_events_turn_id_step", "usage_events")
    op.drop_column("usage_events", "turn_id")
    for table in ("turns", "messages", "participants", "conversations"):
        op.drop_table(table)


def _create_conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("persona_id", sa.Uuid(), nullable=True),
        sa.Column(
            "mode",
            _choice("conversationmode", "chat", "panel", "creative"),
            server_default="chat",
            nullable=False,
        ),
        sa.Column(
            "status",
            _choice("conversationstatus", "active", "paused", "closed", "archived"),
            server_default="active",
            nullable=False,
        ),
        sa.Column("next_seq", sa.Integer(), server_default="1", nullable=False),
        sa.Column("open_tokens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("summary_upto_seq", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "written_lsn",
            LsnType(),
            server_default=sa.text("pg_current_wal_insert_lsn()"),
            nullable=False,
        ),
        _now("created_at"),
        _now("spoken_at"),
        sa.CheckConstraint(
            "next_seq > summary_upto_seq AND summary_upto_seq >= 0",
            name=op.f("ck_conversations_seq"),
        ),
        sa.CheckConstraint(
            "(summary IS NULL) = (summary_upto_seq = 0)", name=op.f("ck_conversations_summary")
        ),
        sa.CheckConstraint("open_tokens >= 0", name=op.f("ck_conversations_open_tokens")),
        _reference("conversations", "owner_id", "users", "CASCADE"),
        _reference("conversations", "persona_id", "personas", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
    )
    op.create_index(
        "uq_conversations_persona_id_owner_id",
        "conversations",
        ["persona_id", "owner_id"],
        unique=True,
        postgresql_where=sa.text("persona_id IS NOT NULL"),
    )
    op.create_index(
        "ix_conversations_owner_id_spoken_at",
        "conversations",
        ["owner_id", sa.literal_column("spoken_at DESC")],
    )


def _create_participants() -> None:
    op.create_table(
        "participants",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("persona_id", sa.Uuid(), nullable=True),
        sa.Column("voice", _choice("voice", "human", "ai"), nullable=False),
        sa.Column("role", _choice("participantrole", "host", "guest"), nullable=False),
        _now("joined_at"),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("number > 0", name=op.f("ck_participants_number")),
        _reference("participants", "conversation_id", "conversations", "CASCADE"),
        _reference("participants", "user_id", "users", "SET NULL"),
        _reference("participants", "persona_id", "personas", "SET NULL"),
        sa.PrimaryKeyConstraint("conversation_id", "number", name=op.f("pk_participants")),
    )
    op.create_index(op.f("ix_participants_user_id"), "participants", ["user_id"])
    op.create_index(op.f("ix_participants_persona_id"), "participants", ["persona_id"])
    op.create_index(
        "uq_participants_conversation_id_persona_id",
        "participants",
        ["conversation_id", "persona_id"],
        unique=True,
        postgresql_where=sa.text("persona_id IS NOT NULL"),
    )


def _create_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("participant", sa.SmallInteger(), nullable=False),
        sa.Column(
            "moderation",
            _choice("moderation", "ok", "flagged", "blocked"),
            server_default="ok",
            nullable=False,
        ),
        sa.Column("tokens", sa.Integer(), nullable=False),
        _now("created_at"),
        sa.Column("content", sa.Text(), nullable=False),
        sa.CheckConstraint("seq > 0", name=op.f("ck_messages_seq")),
        sa.CheckConstraint("tokens >= 0", name=op.f("ck_messages_tokens")),
        sa.ForeignKeyConstraint(
            ["conversation_id", "participant"],
            ["participants.conversation_id", "participants.number"],
            name=op.f("fk_messages_conversation_id_participant"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("conversation_id", "seq", name=op.f("pk_messages")),
    )


def _create_turns() -> None:
    op.create_table(
        "turns",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("texts", sa.Integer(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        _now("created_at"),
        sa.CheckConstraint("texts >= 0 AND cost_micros >= 0", name=op.f("ck_turns_counts")),
        _reference("turns", "conversation_id", "conversations", "CASCADE"),
        _reference("turns", "user_id", "users", "CASCADE"),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_turns")),
    )
    op.create_index(op.f("ix_turns_user_id"), "turns", ["user_id"])


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _now(name: str) -> "sa.Column[object]":
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _reference(table: str, column: str, target: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete
    )
