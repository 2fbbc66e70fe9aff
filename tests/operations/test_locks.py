"""What a migration would lock or break is found before it runs anywhere."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HARMLESS = 'op.add_column("users", sa.Column("nickname", sa.Text()))'
HARMFUL = {
    'op.create_index("ix_users_email2", "users", ["email"])': "require-concurrent-index-creation",
    'op.drop_column("users", "locale")': "ban-drop-column",
    'op.alter_column("users", "email", new_column_name="mail")': "renaming-column",
    'op.add_column("users", sa.Column("a", sa.Text(), nullable=False))': "adding-required-field",
    'op.alter_column("users", "locale", nullable=False)': "adding-not-nullable-field",
}
MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"
branch_labels = None
depends_on = None
{accepted}

def upgrade() -> None:
    {change}
"""


@pytest.fixture
def tree(checkout: Path, tmp_path: Path) -> Path:
    """A copy, for a migration to be added to."""
    left_out = shutil.ignore_patterns("__pycache__", "fonts")
    shutil.copytree(checkout / "chalicelib", tmp_path / "chalicelib", ignore=left_out)
    return tmp_path


def judged(checkout: Path, tree: Path, change: str, accepted: str = "") -> tuple[int, str]:
    versions = tree / "chalicelib" / "migrations" / "versions"
    head = max(file.name.partition("_")[0] for file in versions.glob("*.py"))
    text = MIGRATION.format(head=head, change=change, accepted=accepted)
    (versions / "9999_more.py").write_text(text)
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, checkout / "scripts" / "locks.py"],
        cwd=tree,
        env={"PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_a_column_that_may_be_null_can_be_added(checkout: Path, tree: Path) -> None:
    code, said = judged(checkout, tree, HARMLESS)
    assert (code, said.rstrip().endswith("do no harm")) == (0, True)


@pytest.mark.parametrize("change", HARMFUL)
def test_what_would_lock_or_break_is_refused(checkout: Path, tree: Path, change: str) -> None:
    code, said = judged(checkout, tree, change)
    assert code == 1
    assert f"9999: {HARMFUL[change]}: " in said


def test_a_migration_may_say_why_it_does_no_harm(checkout: Path, tree: Path) -> None:
    accepted = 'accepted = {"ban-drop-column": "nothing has read it since 0005"}'
    code, _ = judged(checkout, tree, 'op.drop_column("users", "locale")', accepted)
    assert code == 0


def test_what_is_accepted_has_to_be_there(checkout: Path, tree: Path) -> None:
    accepted = 'accepted = {"ban-drop-column": "nothing has read it since 0005"}'
    code, said = judged(checkout, tree, HARMLESS, accepted)
    assert (code, "9999: accepts ban-drop-column, which is not found" in said) == (1, True)
