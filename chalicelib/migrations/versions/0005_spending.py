"""the ledger of paid calls, quotas, circuit breakers"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
STEPS = ("text_steps", "image_steps")


def upgrade() -> None:
    for name in STEPS:
        op.add_column(
            "jobs", sa.Column(name, sa.SmallInteger(), server_default="0", nullable=False)
        )
    _create_usage_events()
    _create_reservations()
    op.create_table(
        "daily_usage",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("texts", sa.Integer(), nullable=False),
        sa.Column("images", sa.Integer(), nullable=False),
        sa.CheckConstraint("texts >= 0 AND images >= 0", name=op.f("ck_daily_usage_counts")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_daily_usage_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "day", name=op.f("pk_daily_usage")),
    )
    op.create_table(
        "daily_costs",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("cost_micros >= 0", name=op.f("ck_daily_costs_cost")),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_daily_costs")),
    )
    op.create_table(
        "breakers",
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_probed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_breakers_failures")),
        sa.CheckConstraint(
            "NOT is_probed OR open_until IS NOT NULL", name=op.f("ck_breakers_probe")
        ),
        sa.PrimaryKeyConstraint("provider", "model", name=op.f("pk_breakers")),
    )


def downgrade() -> None:
    for table in ("breakers", "daily_costs", "daily_usage", "reservations", "usage_events"):
        op.drop_table(table)
    for name in STEPS:
        op.drop_column("jobs", name)


def _create_usage_events() -> None:
    op.create_table(
        "usage_events",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("step", sa.String(length=32), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("kind", _choice("usagekind", "text", "image", "moderation"), nullable=False),
        sa.Column("units", JSONB, server_default="{}", nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.Column(
            "status",
            _choice("usagestatus", "intent", "settled", "void"),
            server_default="intent",
            nullable=False,
        ),
        sa.Column("day", sa.Date(), nullable=False),
        _created_at(),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("attempt > 0", name=op.f("ck_usage_events_attempt")),
        sa.CheckConstraint("cost_micros >= 0", name=op.f("ck_usage_events_cost")),
        sa.CheckConstraint(
            "(status = 'intent') = (settled_at IS NULL)", name=op.f("ck_usage_events_settled")
        ),
        sa.CheckConstraint(
            "status <> 'void' OR cost_micros = 0", name=op.f("ck_usage_events_void")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_usage_events_user_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_usage_events_job_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_events")),
        sa.UniqueConstraint(
            "job_id", "step", "attempt", name=op.f("uq_usage_events_job_id_step_attempt")
        ),
    )
    op.create_index("ix_usage_events_user_id_day", "usage_events", ["user_id", "day"])


def _create_reservations() -> None:
    op.create_table(
        "reservations",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("texts", sa.Integer(), nullable=False),
        sa.Column("images", sa.Integer(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        _created_at(),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_reservations_job_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_reservations_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_reservations")),
    )
    op.create_index(op.f("ix_reservations_user_id"), "reservations", ["user_id"])


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _created_at() -> "sa.Column[Any]":
    return sa.Column(
        "created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )
