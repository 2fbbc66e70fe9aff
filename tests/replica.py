"""The read replica, once it has caught up."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from local.stack import Stack

PATIENCE_SECONDS = 10


def catch_up(stack: Stack) -> None:
    """Wait until it shows all that the primary has written."""
    with _as_superuser(stack, "DATABASE_URL") as primary:
        written = primary.execute(sa.text("SELECT pg_current_wal_flush_lsn()")).scalar_one()
    deadline = time.monotonic() + PATIENCE_SECONDS
    with _as_superuser(stack, "DATABASE_REPLICA_URL") as replica:
        shown = sa.text("SELECT pg_last_wal_replay_lsn() >= CAST(:written AS pg_lsn)")
        while not replica.execute(shown, {"written": written}).scalar_one():
            assert time.monotonic() < deadline, "the replica does not catch up"
            time.sleep(0.01)


@contextmanager
def _as_superuser(stack: Stack, name: str) -> Iterator[sa.Connection]:
    secrets = json.loads(stack.home.secrets.read_text())
    url = sa.make_url(stack.env[name]).set(
        username="postgres", password=secrets["superuser_password"]
    )
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield connection
