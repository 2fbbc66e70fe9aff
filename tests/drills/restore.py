"""Back to a moment: a base backup and the WAL since, up to just before somebody's mistake."""

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from psycopg2 import sql

from chalicelib import migrations
from chalicelib.core.db import patience
from local.ports import HOST, choose
from local.postgres import Cluster, program
from local.stack import Stack
from tests.drills.servers import primary_of, run, running, serving, wait_until
from tests.receiver import settings_with

FILL = """
WITH people AS (
    INSERT INTO users (email, display_name)
    SELECT 'person-' || n || '@example.com', 'Person ' || n
    FROM generate_series({first}, {last}) AS n
    RETURNING id
)
INSERT INTO jobs (owner_id, kind, subject_id, input, deadline)
SELECT id, 'generate_persona', id, jsonb_build_object('name', md5(id::text)), now() FROM people
"""
DRILL_SECONDS = 600
"""What one statement may take: those of a drill are about everything."""

MISTAKE = "DELETE FROM users"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
HASH = """
SELECT count(*), coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '')
FROM {table} AS t
"""

Fingerprint = dict[str, tuple[int, str]]


@dataclass(frozen=True)
class Restored:
    """What was there before the mistake and is there again; how long each part took."""

    before: Fingerprint
    after_mistake: Fingerprint
    restored: Fingerprint
    revision: str | None
    seconds: dict[str, float]

    @property
    def rows(self) -> int:
        return sum(count for count, _ in self.before.values())

    @property
    def is_whole(self) -> bool:
        return self.restored == self.before != self.after_mistake


class Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def timing(self, what: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.seconds[what] = round(time.monotonic() - started, 2)


def restore(stack: Stack, *, people: int) -> Restored:
    """Each person is two rows. Half of them come after the backup, so only the WAL has them."""
    primary, name, clock = primary_of(stack), f"drill_{uuid4().hex[:8]}", Clock()
    folder = primary.data.with_name(name)
    (folder / "wal").mkdir(parents=True)
    primary.identity.give(folder)
    try:
        with patience(DRILL_SECONDS), database(stack, primary, name):
            return _restored(primary, name, folder, clock, people=people)
    finally:
        shutil.rmtree(folder)


@contextmanager
def database(
    stack: Stack, primary: Cluster, name: str, *, revision: str = "head"
) -> Iterator[dict[str, str]]:
    """A database of the drill's own, with our schema, in the settings while this lasts."""
    urls = {each: url_of(stack, each, name) for each in ("DATABASE_URL", "DATABASE_REPLICA_URL")}
    with primary.superuser() as cursor:
        cursor.execute(sql.SQL("CREATE DATABASE {} OWNER persona").format(sql.Identifier(name)))
    try:
        with settings_with(**urls):
            migrations.upgrade(revision)
            yield urls
    finally:
        with primary.superuser() as cursor:
            cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def url_of(stack: Stack, setting: str, name: str) -> str:
    return sa.make_url(stack.env[setting]).set(database=name).render_as_string(hide_password=False)


def _restored(primary: Cluster, name: str, folder: Path, clock: Clock, *, people: int) -> Restored:
    with archiving(primary, folder):
        say(primary, name, FILL.format(first=1, last=people // 2))
        with clock.timing("base backup"):
            back_up(primary, folder / "data")
        say(primary, name, FILL.format(first=people // 2 + 1, last=people))
        before = fingerprint(primary, name)
        moment = ask(primary, name, "SELECT clock_timestamp()::text")
        say(primary, name, MISTAKE)
        after_mistake = fingerprint(primary, name)
        say(primary, name, FILL.format(first=people + 1, last=people + 1))  # life goes on
        finish_wal(primary, folder)
    port = choose(["postgres"], "free")["postgres"]
    copy = replace(primary, name="restored", data=folder / "data", port=port)
    with ExitStack() as undo:
        with clock.timing("restore"):
            prepare(copy, folder, moment)
            log = folder / "restored.log"
            undo.enter_context(serving(copy, {"archive_mode": "off"}, log=log))
        restored = fingerprint(copy, name)
        revision = ask(copy, name, "SELECT version_num FROM alembic_version")
    return Restored(before, after_mistake, restored, revision, clock.seconds)


@contextmanager
def archiving(primary: Cluster, folder: Path) -> Iterator[None]:
    """Receive the WAL as it is written, as RDS does every five minutes."""
    login = ("-h", HOST, "-p", str(primary.port), "-U", "postgres")
    command: list[str | Path] = [
        program("pg_receivewal"),
        *login,
        "-D",
        folder / "wal",
        "--no-loop",
    ]
    with running(primary, command, log=folder / "receive.log"):
        wait_until(lambda: any((folder / "wal").iterdir()), "no WAL was received")
        yield


def back_up(primary: Cluster, target: Path) -> None:
    login = ("-h", HOST, "-p", str(primary.port), "-U", "postgres")
    run(
        primary,
        *(program("pg_basebackup"), *login, "-D", target),
        *("-X", "none", "-c", "fast", "--no-sync"),
    )


def finish_wal(primary: Cluster, folder: Path) -> None:
    """Wait until the mistake itself is in a whole segment of the archive."""
    last = ask(primary, "postgres", "SELECT pg_walfile_name(pg_switch_wal())")
    wait_until((folder / "wal" / last).exists, f"{last} was not received")


def prepare(copy: Cluster, folder: Path, moment: str) -> None:
    settings = {
        "restore_command": f'cp "{folder}/wal/%f" "%p"',
        "recovery_target_time": moment,
        "recovery_target_action": "promote",
        "primary_conninfo": "",
        "primary_slot_name": "",
    }
    lines = [f"{name} = '{value}'" for name, value in settings.items()]
    with (copy.data / "postgresql.auto.conf").open("a") as file:
        file.write("\n".join(lines) + "\n")
    (copy.data / "standby.signal").unlink(missing_ok=True)
    (copy.data / "recovery.signal").touch()
    copy.identity.give(copy.data / "recovery.signal")


def fingerprint(cluster: Cluster, name: str) -> Fingerprint:
    with cluster.superuser(name) as cursor:
        cursor.execute(TABLES)
        tables = [row[0] for row in cursor.fetchall()]
        found = {}
        for table in tables:
            cursor.execute(sql.SQL(HASH).format(table=sql.Identifier(table)))
            found[table] = cursor.fetchone()
    return found


def say(cluster: Cluster, name: str, statement: str) -> None:
    with cluster.superuser(name) as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(statement)


def ask(cluster: Cluster, name: str, question: str) -> str:
    with cluster.superuser(name) as cursor:
        cursor.execute(question)
        return str(cursor.fetchone()[0])
