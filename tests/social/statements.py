"""What is asked of the databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from chalicelib.core import db
from tests.receiver import settings_with

NOBODY = "postgresql+psycopg2://persona@127.0.0.1:9/persona"


@contextmanager
def counted() -> Iterator[list[str]]:
    """List every statement that is sent while it lasts, whichever thread and engine sends it."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


@contextmanager
def no_database() -> Iterator[None]:
    """For as long as it lasts neither the primary nor the replica can be reached."""
    db.dispose()
    with settings_with(DATABASE_URL=NOBODY, DATABASE_REPLICA_URL=NOBODY):
        yield
        db.dispose()
