"""The database comes to a release's schema before its code does."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Timer
from uuid import uuid4

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from chalicelib import migrations
from chalicelib.workers.migrate import migrate
from local.stack import Stack
from tests.conftest import Log
from tests.receiver import settings_with
from tests.test_packaging import CALL

HANDLER = "chalicelib.workers.migrate.migrate"


@pytest.fixture
def empty(stack: Stack) -> Iterator[str]:
    """An empty database of its own, in the settings while this lasts."""
    owner = json.loads(stack.home.secrets.read_text())["superuser_password"]
    name = f"migrated_{uuid4().hex[:8]}"
    url = sa.make_url(stack.env["DATABASE_URL"])
    admin = sa.create_engine(
        url.set(username="postgres", password=owner), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name} OWNER persona"))
        mine = url.set(database=name).render_as_string(hide_password=False)
        with settings_with(DATABASE_URL=mine):
            yield mine
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


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
