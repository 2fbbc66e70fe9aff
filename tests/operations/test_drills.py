"""What is lost can be had again, and what changes disturbs nobody: `make drill`, in short."""

from collections import Counter
from pathlib import Path

import pytest
from alembic.config import Config

from chalicelib import migrations
from local.stack import Stack
from tests.drills.load import Load
from tests.drills.restore import restore
from tests.drills.schema import Changed, Drill, change
from tests.operations.heads import newest

SHORT = Drill(rounds=1, users=2, rows=100, quiet_seconds=0.5, pause_seconds=0.2)

MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{newest}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("nickname", sa.Text()))
    {more}


def downgrade() -> None:
    op.drop_column("users", "nickname")
"""


@pytest.fixture
def history(tmp_path: Path) -> Config:
    """Ours, with room for one migration more."""
    made = migrations.config()
    ours = Path(migrations.__file__).with_name("versions")
    made.set_main_option("path_separator", "newline")
    made.set_main_option("version_locations", f"{ours}\n{tmp_path}")
    return made


def add(folder: Path, more: str) -> None:
    (folder / "9999_more.py").write_text(MIGRATION.format(newest=newest(), more=more))


def test_a_database_is_brought_back_to_the_moment_before_a_mistake(stack: Stack) -> None:
    drill = restore(stack, people=500)
    assert drill.rows >= 1000
    assert drill.after_mistake["users"][0] == 0
    assert drill.restored == drill.before
    assert drill.revision == newest()


def test_nobody_notices_a_schema_that_changes_and_changes_back(
    stack: Stack, checkout: Path, history: Config, tmp_path: Path
) -> None:
    add(tmp_path, more="pass")
    drill = change(stack, checkout, "9999", drill=SHORT, history=history)
    assert (drill.before, drill.changing.errors) == (newest(), 0)
    assert len(drill.changing.seconds) > 10
    assert drill.is_unnoticed


def test_the_drill_notices_a_migration_that_keeps_people_waiting(
    stack: Stack, checkout: Path, history: Config, tmp_path: Path
) -> None:
    add(tmp_path, more='op.execute("SELECT pg_sleep(2.5)")')
    drill = change(stack, checkout, "9999", drill=SHORT, history=history)
    assert not drill.is_unnoticed


def seen(*, slowest: float, status: int = 200) -> Load:
    return Load("", Counter({status: 1}), [slowest])


@pytest.mark.parametrize("changing", [seen(slowest=2.6), seen(slowest=0.1, status=503)])
def test_who_waits_and_who_is_refused_has_noticed(changing: Load) -> None:
    assert not Changed("before", "after", seen(slowest=0.1), changing, []).is_unnoticed
