"""The database comes to a release's schema before its code does."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread, Timer
from uuid import uuid4

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from chalicelib import migrations
from chalicelib.workers.migrate import migrate, with_patience
from local.stack import Stack
from tests.conftest import Log
from tests.receiver import settings_with
from tests.test_packaging import CALL

HANDLER = "chalicelib.workers.migrate.migrate"


@pytest.fixture
def admin(stack: Stack) -> Iterator[sa.Engine]:
    owner = json.loads(stack.home.secrets.read_text())["superuser_password"]
    url = sa.make_url(stack.env["DATABASE_URL"]).set(username="postgres", password=owner)
    engine = sa.create_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def empty(stack: Stack, admin: sa.Engine) -> Iterator[str]:
    """An empty database of its own, in the settings while this lasts."""
    name = f"migrated_{uuid4().hex[:8]}"
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name} OWNER persona"))
        url = sa.make_url(stack.env["DATABASE_URL"]).set(database=name)
        mine = url.render_as_string(hide_password=False)
        with settings_with(DATABASE_URL=mine):
            yield mine
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def head() -> str:
    """The newest migration, by the name of its file."""
    files = (Path(migrations.__file__).parent / "versions").glob("*.py")
    return max(file.name.partition("_")[0] for file in files)


def test_an_empty_database_comes_to_the_newest_schema(empty: str, head: str, log: Log) -> None:
    assert migrate({}, None) == {"from": None, "to": head}
    assert migrate({}, None) == {"from": head, "to": head}
    assert [(line["before"], line["after"]) for line in log.lines] == [(None, head), (head, head)]


def test_a_database_comes_as_far_as_it_is_told(empty: str, head: str) -> None:
    assert migrate({"to": "0003"}, None) == {"from": None, "to": "0003"}
    assert migrate({"to": "head"}, None) == {"from": "0003", "to": head}


@pytest.mark.parametrize("event", [{"to": "../x"}, {"to": "-1"}, {"to": ""}, {"too": "head"}])
def test_an_event_that_says_something_else_changes_nothing(
    empty: str, event: dict[str, str]
) -> None:
    with pytest.raises(ValidationError):
        migrate(event, None)
    assert migrations.current() is None


def test_of_many_at_once_each_comes_to_the_newest_schema(
    empty: str, checkout: Path, head: str
) -> None:
    command = [sys.executable, "-c", CALL, HANDLER, "{}"]
    running = [
        subprocess.Popen(  # noqa: S603 - our own interpreter
            command, cwd=checkout, env=os.environ, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    said = [json.loads(each.communicate()[0].splitlines()[-1]) for each in running]
    assert [each.returncode for each in running] == [0, 0, 0]
    assert {line["after"] for line in said} == {head}
    assert [line["before"] for line in said].count(None) >= 1


def test_a_table_in_use_is_waited_for_without_keeping_others_waiting(
    empty: str, head: str, log: Log
) -> None:
    migrate({"to": "0006"}, None)
    engine = sa.create_engine(empty)
    with engine.connect() as user:
        user.execute(sa.text("SELECT count(*) FROM jobs"))
        Timer(3, user.rollback).start()
        started = time.monotonic()
        assert migrate({}, None) == {"from": "0006", "to": head}
        assert 2.5 < time.monotonic() - started < 15
    engine.dispose()
    assert "the locks are taken" in {line["message"] for line in log.lines}


def test_who_ends_in_a_deadlock_with_the_users_comes_again(admin: sa.Engine) -> None:
    """The user has one table and wants the other; the change has that, and wants the first."""
    tries: list[str] = []
    with admin.connect() as user:
        user.execute(sa.text("LOCK TABLE users IN ACCESS SHARE MODE"))

        def use() -> None:
            user.execute(sa.text("LOCK TABLE personas IN ACCESS SHARE MODE"))
            user.rollback()

        wanting = Thread(target=use)

        def change() -> None:
            with admin.begin() as migration:
                migration.execute(sa.text("SET LOCAL deadlock_timeout = '200ms'"))
                migration.execute(sa.text("LOCK TABLE personas"))
                if not tries:
                    wanting.start()
                tries.append("begun")
                migration.execute(sa.text("LOCK TABLE users"))
                tries.append("done")

        with_patience(change)
        wanting.join()
    assert tries == ["begun", "begun", "done"]
