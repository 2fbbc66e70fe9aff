"""What the one transaction promises, what a read costs, and what an outage looks like."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core import db
from chalicelib.core.errors import DomainError, NotFound
from chalicelib.core.models import SpentLogin
from local.stack import Stack
from tests.client import Api
from tests.conftest import Worker

CANARY = "canary-5d1c"


class Refused(DomainError):
    pass


class RefusedAndRemembered(DomainError):
    keeps_changes = True


@dataclass
class Note:
    """A row, and what is known of it outside its transaction."""

    outside: Session
    fingerprint: bytes

    def write(self, session: Session) -> None:
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        session.add(SpentLogin(fingerprint=self.fingerprint, expires_at=tomorrow))
        session.flush()

    def is_kept(self) -> bool:
        wanted = sa.select(SpentLogin.fingerprint).where(SpentLogin.fingerprint == self.fingerprint)
        return self.outside.scalar(wanted) is not None


@pytest.fixture
def note(session: Session) -> Note:
    return Note(session, uuid4().bytes)


def test_what_was_left_for_after_the_commit_comes_after_it_in_order(note: Note) -> None:
    seen: list[tuple[str, bool]] = []
    with db.transaction() as session:
        db.after_commit(session, lambda: seen.append(("one", note.is_kept())))
        note.write(session)
        db.after_commit(session, lambda: seen.append(("two", note.is_kept())))
        assert (seen, note.is_kept()) == ([], False)
    assert seen == [("one", True), ("two", True)]


@pytest.mark.parametrize("error", [Refused, NotFound, ValueError, KeyboardInterrupt])
def test_an_error_takes_everything_back_and_nothing_comes_after_it(
    note: Note, error: type[BaseException]
) -> None:
    seen: list[str] = []
    with pytest.raises(error), db.transaction() as session:
        note.write(session)
        db.after_commit(session, lambda: seen.append("never"))
        raise error
    assert (seen, note.is_kept()) == ([], False)


def test_an_error_of_the_database_takes_everything_back(note: Note) -> None:
    seen: list[str] = []
    with pytest.raises(sa.exc.DBAPIError), db.transaction() as session:
        db.after_commit(session, lambda: seen.append("never"))
        note.write(session)
        session.execute(sa.text("SELECT 1 / 0"))
    assert (seen, note.is_kept()) == ([], False)


def test_a_commit_that_fails_leaves_nothing_to_do_after_it(note: Note) -> None:
    """As when a deferred constraint objects, or the server is gone."""
    seen: list[str] = []
    with pytest.raises(db.DatabaseUnavailable), db.transaction() as session:
        db.after_commit(session, lambda: seen.append("never"))
        note.write(session)
        _end_backend(note.outside, session)
    assert (seen, note.is_kept()) == ([], False)


def _end_backend(outside: Session, session: Session) -> None:
    pid = session.scalar(sa.text("SELECT pg_backend_pid()"))
    outside.execute(sa.text("SELECT pg_terminate_backend(:pid, 2000)"), {"pid": pid})


def test_a_refusal_may_keep_its_changes(note: Note) -> None:
    with pytest.raises(RefusedAndRemembered), db.transaction() as session:
        note.write(session)
        raise RefusedAndRemembered
    assert note.is_kept()


def test_what_fails_after_the_commit_does_not_undo_it(note: Note) -> None:
    def fail() -> None:
        raise NotFound

    with pytest.raises(NotFound), db.transaction() as session:
        note.write(session)
        db.after_commit(session, fail)
    assert note.is_kept()


def test_a_transaction_leaves_no_connection_open(stack: Stack, session: Session) -> None:
    with db.transaction() as opened:
        opened.execute(sa.text("SELECT 1"))
    busy = sa.text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE usename = current_user AND state LIKE 'idle in transaction%'"
    )
    assert session.scalar(busy) == 0


def test_no_error_shows_what_was_bound(stack: Stack) -> None:
    statement = sa.text("SELECT 1 / (length(:value) - length(:value))")
    with pytest.raises(sa.exc.DBAPIError) as caught, db.transaction() as session:
        session.execute(statement, {"value": CANARY})
    assert CANARY not in str(caught.value)
    assert CANARY not in repr(caught.value)


@dataclass
class Statements:
    """What the primary was asked since it was last looked at."""

    log: Path
    read: int = 0

    def since(self) -> list[str]:
        content = self.log.read_bytes()
        new, self.read = content[self.read :].decode(), len(content)
        lines = [line.partition("statement: ")[2] for line in new.splitlines()]
        return [line for line in lines if line]


@pytest.fixture
def statements(stack: Stack) -> Iterator[Statements]:
    """The server's own record: it knows of every BEGIN, whoever has sent it."""
    password = json.loads(stack.home.secrets.read_text())["superuser_password"]
    url = sa.make_url(stack.env["DATABASE_URL"]).set(username="postgres", password=password)
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as superuser:
        superuser.execute(sa.text("ALTER ROLE persona SET log_statement = 'all'"))
        db.dispose()
        yield Statements(stack.home.log("postgres"))
        superuser.execute(sa.text("ALTER ROLE persona RESET log_statement"))
    engine.dispose()
    db.dispose()


def _first_words(statements: list[str]) -> list[str]:
    return [statement.split()[0].upper() for statement in statements]


@pytest.mark.parametrize(
    "path",
    [
        "/auth/me",
        "/jobs",
        "/jobs?status=succeeded&kind=generate_persona&limit=3",
        "/jobs/{job}",
        "/personas/me",
        "/personas",
        "/personas?name=ada",
        "/personas/{persona}",
        "/personas/{persona}/image",
    ],
)
def test_a_read_is_one_statement_and_no_transaction(
    api: Api, worker: Worker, statements: Statements, path: str
) -> None:
    accepted = api.generate().json
    worker.work()
    path = path.format(job=accepted["job"]["id"], persona=accepted["persona_id"])
    api.get(path)
    statements.since()
    answer = api.get(path)
    assert answer.status in {200, 302}, answer
    assert _first_words(statements.since()) == ["SELECT"]


def test_health_asks_the_database_nothing(visitor: Api, statements: Statements) -> None:
    statements.since()
    assert visitor.get("/health").status == 200
    assert statements.since() == []


def test_who_is_not_signed_in_costs_no_statement(visitor: Api, statements: Statements) -> None:
    statements.since()
    assert visitor.get("/auth/me").status == 401
    assert visitor.generate().status == 401
    assert statements.since() == []


def test_a_body_that_is_wrong_costs_no_statement(api: Api, statements: Statements) -> None:
    statements.since()
    assert api.post("/personas/generate", {"name": ""}).status == 422
    assert statements.since() == []


def test_a_write_is_one_transaction(api: Api, statements: Statements) -> None:
    api.patch("/auth/me", {"display_name": "Ada"})
    statements.since()
    assert api.patch("/auth/me", {"display_name": "Grace"}).status == 200
    assert _first_words(statements.since()) == ["BEGIN", "SELECT", "UPDATE", "COMMIT"]


def test_no_session_is_changed_behind_a_poolers_back(
    api: Api, worker: Worker, statements: Statements
) -> None:
    """A pooler may give the next transaction another session."""
    api.get("/auth/me")
    statements.since()
    api.generate()
    worker.work()
    api.get("/personas/me")
    asked = statements.since()
    assert len(asked) > 10
    assert not {"SET", "PREPARE", "LISTEN", "DECLARE"} & set(_first_words(asked))
    assert [each for each in asked if "pg_advisory_lock" in each] == []


def test_connections_that_died_cost_one_answer_at_most(api: Api, session: Session) -> None:
    """As after a failover of the database."""
    assert api.get("/auth/me").status == 200
    session.execute(
        sa.text(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity "
            "WHERE usename = current_user AND pid <> pg_backend_pid()"
        )
    )
    first = api.get("/auth/me")
    assert first.status == 200 or (first.status, first.code) == (503, "database_unavailable")
    assert [api.get("/auth/me").status for _ in range(6)] == [200] * 6


PROGRAM = """
import json, sys
from chalice.test import Client
from app import app
with Client(app) as client:
    for method, path, body in json.loads(sys.argv[1]):
        headers = {"content-type": "application/json", "authorization": "Bearer " + sys.argv[2]}
        content = json.dumps(body).encode() if body is not None else b""
        response = client.http.request(method, path, headers=headers, body=content)
        answer = [response.status_code, dict(response.headers), response.body.decode()]
        print("ANSWER", json.dumps(answer), sep="", flush=True)
"""
Call = tuple[str, str, object]


@dataclass
class Outage:
    """What the API said in a process of its own, and everything that it printed."""

    answers: list[tuple[int, dict[str, str], str]]
    printed: str
    seconds: float


@pytest.fixture
def elsewhere(checkout: Path) -> Callable[..., Outage]:
    """The API in a process of its own, with other settings."""

    def ask(token: str, calls: list[Call], **settings: str) -> Outage:
        began = time.monotonic()
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", PROGRAM, json.dumps(calls), token],
            cwd=checkout,
            env=os.environ | settings,
            capture_output=True,
            check=True,
            text=True,
        )
        lines = [line for line in done.stdout.splitlines() if line.startswith("ANSWER")]
        answers = [tuple(json.loads(line.removeprefix("ANSWER"))) for line in lines]
        return Outage(answers, done.stdout + done.stderr, time.monotonic() - began)

    return ask


NOWHERE = "postgresql+psycopg2://persona:hush-password@127.0.0.1:9/persona"


def test_a_database_that_is_down_is_said_to_be(api: Api, elsewhere: Callable[..., Outage]) -> None:
    calls: list[Call] = [
        ("GET", "/auth/me", None),
        ("GET", "/personas/me", None),
        ("GET", f"/personas/{uuid4()}", None),
        ("GET", "/jobs", None),
        ("PATCH", "/auth/me", {"display_name": "Ada"}),
        ("POST", "/auth/refresh", {"refresh_token": "x" * 43}),
        ("POST", "/personas/generate", {"name": "Ada", "description": CANARY}),
    ]
    outage = elsewhere(str(api.token), calls, DATABASE_URL=NOWHERE, DATABASE_REPLICA_URL=NOWHERE)
    assert len(outage.answers) == len(calls)
    for status, headers, body in outage.answers:
        assert (status, json.loads(body)["code"]) == (503, "database_unavailable")
        assert headers["Content-Type"] == "application/problem+json"
        assert int(headers["Retry-After"]) > 0
    assert outage.seconds < 10
    assert "hush-password" not in outage.printed
    assert CANARY not in outage.printed


def test_health_answers_while_the_database_is_down(
    api: Api, elsewhere: Callable[..., Outage]
) -> None:
    calls: list[Call] = [("GET", "/health", None), ("GET", "/openapi.json", None)]
    outage = elsewhere(str(api.token), calls, DATABASE_URL=NOWHERE)
    assert [status for status, _, _ in outage.answers] == [200, 200]


def test_what_is_ones_own_is_there_while_the_replica_is_down(
    api: Api, elsewhere: Callable[..., Outage]
) -> None:
    persona_id = api.generate().json["persona_id"]
    calls: list[Call] = [
        ("GET", "/auth/me", None),
        ("GET", "/personas/me", None),
        ("GET", f"/personas/{persona_id}", None),
    ]
    outage = elsewhere(str(api.token), calls, DATABASE_REPLICA_URL=NOWHERE)
    assert [status for status, _, _ in outage.answers] == [200, 200, 200]
