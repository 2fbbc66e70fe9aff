"""Engines and the one transaction. Only this module commits."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from select import select
from typing import Any

import psycopg2
import sqlalchemy as sa
from psycopg2 import extensions
from pydantic import PostgresDsn
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from chalicelib.core.config import settings
from chalicelib.core.errors import DomainError, Unavailable

log = logging.getLogger(__name__)

_CONNECT = {
    "connect_timeout": 3,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 8000,
}


SILENCE_SECONDS = 8
"""Longer than the server's own deadline for a statement (5 s), shorter than a request may take."""

REST_SECONDS = 30.0
"""How long a replica that has failed is left alone."""

_patience: ContextVar[float] = ContextVar("patience", default=SILENCE_SECONDS)


@dataclass
class _Rest:
    ends_at: float = float("-inf")


_rest = _Rest()


class DatabaseUnavailable(Unavailable):
    message = "The database does not answer. Try again shortly."


@contextmanager
def transaction() -> Iterator[Session]:
    """Commit on success, roll back on any error, then run what was left for after the commit."""
    refusal: DomainError | None = None
    with (
        _outages_named(),
        Session(_writer(), expire_on_commit=False) as session,
        session.begin(),
    ):
        try:
            yield session
        except DomainError as error:
            if not error.keeps_changes:
                raise
            refusal = error
    if refusal is not None:
        raise refusal
    for callback in session.info.pop("after_commit", ()):
        callback()


@contextmanager
def reading() -> Iterator[Session]:
    """Read from the primary, each statement for itself: one round trip, and never a stale poll."""
    with _outages_named(), Session(_primary(), autoflush=False) as session:
        yield session


@contextmanager
def at_once() -> Iterator[Session]:
    """Write with one statement, which commits itself: one round trip instead of three."""
    with _outages_named(), Session(_primary(), autoflush=False) as session:
        yield session


def has_replica() -> bool:
    """Say whether there is one to be asked now."""
    return settings().database_replica_url is not None and time.monotonic() >= _rest.ends_at


def rest_replica() -> bool:
    """Leave the replica alone, as it may be what has failed. Say whether it was asked until now."""
    was_asked = has_replica()
    if was_asked:
        log.warning("the replica rests", extra={"seconds": REST_SECONDS})
        _rest.ends_at = time.monotonic() + REST_SECONDS
    return was_asked


@contextmanager
def reading_replica() -> Iterator[Session]:
    """Read what may be a moment old. Without a replica, read from the primary."""
    engine = _replica() if has_replica() else _primary()
    with _outages_named(), Session(engine, autoflush=False) as session:
        yield session


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Give a silent server no more than this, where an answer that is late is of no use."""
    token = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(token)


def after_commit(session: Session, callback: Callable[[], None]) -> None:
    session.info.setdefault("after_commit", []).append(callback)


def dispose() -> None:
    """Close every connection; the next use opens new ones."""
    for engine in (_primary, _replica):
        if engine.cache_info().currsize:
            engine().dispose()
    for made in (_primary, _writer, _replica):
        made.cache_clear()
    _rest.ends_at = float("-inf")


@contextmanager
def _outages_named() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError) as error:
        raise DatabaseUnavailable from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise DatabaseUnavailable from error
        _forget_the_row(error)
        raise


def _forget_the_row(error: DBAPIError) -> None:
    """Keep what a bug is found by. PostgreSQL's own words show the whole row, and are logged."""
    diagnosis = getattr(error.orig, "diag", None)
    names = ("sqlstate", "table_name", "column_name", "constraint_name")
    found = [getattr(diagnosis, name, None) for name in names]
    said = " ".join([type(error.orig).__name__, *filter(None, found)])
    error.args = (said,)
    if error.orig is not None:
        error.orig.args = (said,)


def _wait(connection: Any) -> None:
    """Give up on a server that is silent. Its own deadlines do not help when it is frozen, nor does
    TCP's while the kernel acknowledges; psycopg2 would wait for ever."""
    while (state := connection.poll()) != extensions.POLL_OK:
        reads, writes = state == extensions.POLL_READ, state == extensions.POLL_WRITE
        if not any(select([connection] * reads, [connection] * writes, [], _patience.get())):
            message = "server closed the connection: it is silent"
            raise psycopg2.OperationalError(message)


extensions.set_wait_callback(_wait)


def _engine(url: PostgresDsn) -> sa.Engine:
    # Autocommit spares a read BEGIN and ROLLBACK: one round trip instead of three.
    engine = sa.create_engine(
        str(url),
        isolation_level="AUTOCOMMIT",
        pool_size=settings().database_pool_size,
        max_overflow=0,
        pool_timeout=8,
        pool_recycle=300,
        hide_parameters=True,
        use_native_hstore=False,
        connect_args=_CONNECT,
    )
    sa.event.listen(engine, "checkin", _return_to_autocommit)
    return engine


@cache
def _primary() -> sa.Engine:
    return _engine(settings().database_url)


@cache
def _writer() -> sa.Engine:
    """The same pool. SQLAlchemy's own switch of the isolation level would send a SET each time,
    which a pooler in front of the server must not see; psycopg2's autocommit sends nothing."""
    engine = _primary().execution_options()
    sa.event.listen(engine, "engine_connect", _leave_autocommit)
    return engine


def _leave_autocommit(connection: sa.Connection) -> None:
    connection.connection.driver_connection.autocommit = False  # type: ignore[union-attr]  # it is open: just out of the pool


def _return_to_autocommit(connection: Any, _record: object) -> None:
    if connection is not None:
        connection.autocommit = True


@cache
def _replica() -> sa.Engine:
    url = settings().database_replica_url
    return _engine(url) if url else _primary()
