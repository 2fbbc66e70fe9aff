"""which results their owner has seen"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_jobs_unseen",
        "jobs",
        ["owner_id", sa.text("id DESC")],
        postgresql_where=sa.text(
            "status IN ('succeeded', 'failed') AND seen_at IS NULL AND parent_id IS NULL"
        ),
    )


def downgrade() -> None:
    op.drop_index("ix_jobs_unseen", table_name="jobs")
    op.drop_column("jobs", "seen_at")
