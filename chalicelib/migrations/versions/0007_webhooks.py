"""webhooks, out and in"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("parent_id", sa.Uuid(), nullable=True))
    op.add_column("jobs", sa.Column("webhook_url", sa.String(length=2048), nullable=True))
    op.create_foreign_key(
        op.f("fk_jobs_parent_id"), "jobs", "jobs", ["parent_id"], ["id"], ondelete="CASCADE"
    )
    op.create_index(
        "ix_jobs_parent_id",
        "jobs",
        ["parent_id"],
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.add_column(
        "users",
        sa.Column("webhook_secret_version", sa.Integer(), server_default="1", nullable=False),
    )
    op.add_column(
        "users",
        sa.Column("webhook_secret_rotated_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_table(
        "webhook_inbox",
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_webhook_inbox_job_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_inbox")),
    )
    op.create_index("ix_webhook_inbox_job_id_step", "webhook_inbox", ["job_id", "step"])
    op.create_index("ix_webhook_inbox_created_at", "webhook_inbox", ["created_at"])


def downgrade() -> None:
    op.drop_table("webhook_inbox")
    op.drop_column("users", "webhook_secret_rotated_at")
    op.drop_column("users", "webhook_secret_version")
    op.execute("DELETE FROM jobs WHERE parent_id IS NOT NULL")
    op.drop_index("ix_jobs_parent_id", table_name="jobs")
    op.drop_column("jobs", "webhook_url")
    op.drop_column("jobs", "parent_id")
