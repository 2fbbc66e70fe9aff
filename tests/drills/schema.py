"""The schema changes, and changes back, while the code that was there before serves its users."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from chalicelib import migrations
from chalicelib.core.db import patience
from chalicelib.workers.migrate import with_patience
from local.stack import Stack
from tests.drills.load import Load, people, serving
from tests.drills.restore import DRILL_SECONDS, FILL, database, say
from tests.drills.servers import primary_of

LONGEST_WAIT = 2.0
"""What a migration may keep anybody waiting: as long as it waits for its own locks."""


@dataclass(frozen=True)
class Drill:
    """How much of it: rounds up and down, users, people whose rows are there, quiet before."""

    rounds: int
    users: int
    rows: int
    quiet_seconds: float
    pause_seconds: float


@dataclass(frozen=True)
class Changed:
    before: str
    after: str
    quiet: Load
    changing: Load
    seconds: list[float]

    @property
    def is_unnoticed(self) -> bool:
        waited = self.changing.slowest - self.quiet.slowest
        return self.changing.errors == 0 and waited <= LONGEST_WAIT


def change(
    stack: Stack, code: Path, after: str, *, drill: Drill, history: Config | None = None
) -> Changed:
    """Serve `code` on the schema before `after`, and take the schema up and down under it."""
    history = history or migrations.config()
    before = schema_before(history, after)
    name, primary = f"schema_{uuid4().hex[:8]}", primary_of(stack)
    with ExitStack() as undo:
        settings = undo.enter_context(database(stack, primary, name, revision=before))
        undo.enter_context(patience(DRILL_SECONDS))
        say(primary, name, FILL.format(first=1, last=drill.rows))
        log = stack.home.log(f"schema-{after}")
        url = undo.enter_context(serving(code, stack.env | settings, log=log))
        tokens = people(stack.env, url, count=drill.users)
        quiet, changing, seconds = Load(url), Load(url), list[float]()
        with quiet.going_on(tokens):
            time.sleep(drill.quiet_seconds)
        with changing.going_on(tokens):
            for _ in range(drill.rounds):
                for move, revision in ((command.upgrade, after), (command.downgrade, before)):
                    seconds.append(timed(move, history, revision))
                    time.sleep(drill.pause_seconds)
    return Changed(before, after, quiet, changing, seconds)


def schema_before(history: Config, revision: str) -> str:
    before = ScriptDirectory.from_config(history).get_revision(revision).down_revision
    assert isinstance(before, str), f"{revision} has no one before it"
    return before


def timed(move: Callable[[Config, str], None], history: Config, revision: str) -> float:
    started = time.monotonic()
    with_patience(lambda: move(history, revision))
    return round(time.monotonic() - started, 2)
