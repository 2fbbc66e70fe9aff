"""The one transaction, and a database that is not there."""

import socket
import time
from collections.abc import Iterator

import psycopg2
import pytest
import sqlalchemy as sa

from chalicelib.core import db
from chalicelib.core.errors import Conflict
from local.stack import Stack


class Refused(Conflict):
    """Refuses, and leaves nothing."""


class RefusedForGood(Conflict):
    """Refuses, and leaves what was written."""

    keeps_changes = True


@pytest.fixture
def table(stack: Stack) -> Iterator[str]:
    with db.transaction() as session:
        session.execute(sa.text("CREATE TABLE scratch (n integer PRIMARY KEY)"))
    yield "scratch"
    with db.transaction() as session:
        session.execute(sa.text("DROP TABLE scratch"))


def count() -> int:
    with db.reading() as session:
        return int(session.execute(sa.text("SELECT count(*) FROM scratch")).scalar_one())


def insert(session: sa.orm.Session) -> None:
    session.execute(sa.text("INSERT INTO scratch VALUES (1)"))


def test_what_is_left_for_after_the_commit_sees_it(table: str) -> None:
    seen: list[int] = []
    with db.transaction() as session:
        insert(session)
        db.after_commit(session, lambda: seen.append(count()))
        assert seen == []
    assert seen == [1]


def test_after_a_rollback_nothing_is_left_to_do(table: str) -> None:
    seen: list[int] = []
    with pytest.raises(Refused), db.transaction() as session:
        insert(session)
        db.after_commit(session, lambda: seen.append(1))
        raise Refused
    assert (seen, count()) == ([], 0)


def test_a_refusal_may_keep_what_was_written(table: str) -> None:
    with pytest.raises(RefusedForGood), db.transaction() as session:
        insert(session)
        raise RefusedForGood
    assert count() == 1


def test_a_database_that_is_silent_is_given_up() -> None:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        with pytest.raises(psycopg2.OperationalError):
            psycopg2.connect(host="127.0.0.1", port=silent.getsockname()[1], dbname="x", user="x")
        assert time.monotonic() - started < db.SILENCE_SECONDS + 2


def test_a_database_that_ends_our_connection_is_an_outage(stack: Stack) -> None:
    end = sa.text("SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(db.DatabaseUnavailable), db.transaction() as session:
        session.execute(end)
    with db.reading() as session:
        assert session.execute(sa.text("SELECT 1")).scalar_one() == 1
