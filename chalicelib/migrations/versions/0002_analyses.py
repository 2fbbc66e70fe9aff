"""analyses"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "analyses",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("share_token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("instrument", sa.String(length=40), nullable=False),
        sa.Column("subject_name", sa.String(length=80), nullable=False),
        sa.Column("min_responses", sa.SmallInteger(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "collecting",
                "closed",
                "archived",
                name="analysisstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default="collecting",
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "min_responses BETWEEN 3 AND 20", name=op.f("ck_analyses_min_responses")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_analyses_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analyses")),
        sa.UniqueConstraint("share_token_hash", name=op.f("uq_analyses_share_token_hash")),
    )
    op.create_index(
        "ix_analyses_user_id_id",
        "analyses",
        ["user_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "uq_analyses_user_id_collecting",
        "analyses",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("status = 'collecting'"),
    )
    op.create_table(
        "analysis_responses",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("analysis_id", sa.Uuid(), nullable=False),
        sa.Column("respondent_hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "relation",
            sa.Enum(
                "friend",
                "family",
                "colleague",
                "partner",
                "other",
                name="relation",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("familiarity", sa.SmallInteger(), nullable=True),
        sa.Column(
            "answers", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column(
            "free_text", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("valid", sa.Boolean(), nullable=False),
        sa.Column(
            "invalid_reason",
            sa.Enum(
                "straight_line",
                "too_many_unknown",
                name="invalidreason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "familiarity BETWEEN 1 AND 5", name=op.f("ck_analysis_responses_familiarity")
        ),
        sa.CheckConstraint(
            "valid = (invalid_reason IS NULL)", name=op.f("ck_analysis_responses_valid")
        ),
        sa.ForeignKeyConstraint(
            ["analysis_id"],
            ["analyses.id"],
            name=op.f("fk_analysis_responses_analysis_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analysis_responses")),
        sa.UniqueConstraint(
            "analysis_id",
            "respondent_hash",
            name=op.f("uq_analysis_responses_analysis_id_respondent_hash"),
        ),
    )
    op.create_table(
        "trait_profiles",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("analysis_id", sa.Uuid(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "peer",
                "self",
                "inferred",
                "manual",
                name="traitsource",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "traits", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("n", sa.SmallInteger(), nullable=False),
        sa.Column("instrument", sa.String(length=40), nullable=False),
        sa.Column("scoring_version", sa.SmallInteger(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["analysis_id"],
            ["analyses.id"],
            name=op.f("fk_trait_profiles_analysis_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trait_profiles")),
        sa.UniqueConstraint(
            "analysis_id", "source", name=op.f("uq_trait_profiles_analysis_id_source")
        ),
    )


def downgrade() -> None:
    op.drop_table("trait_profiles")
    op.drop_table("analysis_responses")
    op.drop_index(
        "uq_analyses_user_id_collecting",
        table_name="analyses",
        postgresql_where=sa.text("status = 'collecting'"),
    )
    op.drop_index("ix_analyses_user_id_id", table_name="analyses")
    op.drop_table("analyses")
