"""evidence behind a persona, its life, imported cards"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
DRAWN = ("requested_model", "model", "vendor_model", "prompt")


def upgrade() -> None:
    for column in _new_columns():
        op.add_column("personas", column)
    op.alter_column("personas", "description", nullable=True)
    op.create_foreign_key(
        op.f("fk_personas_analysis_id"),
        "personas",
        "analyses",
        ["analysis_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.create_index(op.f("ix_personas_analysis_id"), "personas", ["analysis_id"])
    _replace_sources("analysis", "description", "import")
    op.drop_index("uq_personas_owner_id_name_key", table_name="personas")
    op.create_index(
        "uq_personas_owner_id_name_key",
        "personas",
        ["owner_id", "name_key"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    for name in DRAWN:
        op.alter_column("persona_images", name, nullable=True)
    op.create_table(
        "doomed_objects",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_doomed_objects")),
    )


def downgrade() -> None:
    op.drop_table("doomed_objects")
    op.execute("DELETE FROM persona_images WHERE model IS NULL")
    for name in DRAWN:
        op.alter_column("persona_images", name, nullable=False)
    op.execute("DELETE FROM personas WHERE deleted_at IS NOT NULL OR source <> 'description'")
    op.drop_index("uq_personas_owner_id_name_key", table_name="personas")
    op.create_index(
        "uq_personas_owner_id_name_key", "personas", ["owner_id", "name_key"], unique=True
    )
    _replace_sources("description")
    op.alter_column("personas", "description", nullable=False)
    for column in _new_columns():
        op.drop_column("personas", column.name)


def _replace_sources(*sources: str) -> None:
    named = ", ".join(f"'{source}'" for source in sources)
    op.drop_constraint(op.f("ck_personas_source"), "personas", type_="check")
    op.create_check_constraint(op.f("ck_personas_source"), "personas", f"source IN ({named})")


def _new_columns() -> "list[sa.Column[Any]]":
    return [
        sa.Column("analysis_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("archetype", JSONB, nullable=True),
        sa.Column("evidence", JSONB, nullable=True),
        sa.Column("fidelity", JSONB, nullable=True),
        sa.Column("card", JSONB, nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
    ]
