"""The primary dies under load, and the replica takes its place."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from threading import Event, Thread

import sqlalchemy as sa

from chalicelib.core import config, db
from local.stack import Stack
from tests.client import Api
from tests.drills.servers import standby_of, wait_until

SECONDS_OF_LOAD = 3.0


@dataclass
class Writer:
    """Somebody who writes all the time, and knows what was acknowledged."""

    api: Api
    statuses: Counter[int] = field(default_factory=Counter)
    acknowledged: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def writing(self) -> Iterator[None]:
        is_over = Event()

        def write() -> None:
            while not is_over.is_set():
                answer = self.api.post("/analyses?replace=true", {"subject_name": "Ada"})
                self.statuses[int(answer.status)] += 1
                if answer.status == 201:
                    self.acknowledged.append((answer.json["id"], time.monotonic()))
                else:
                    time.sleep(0.05)

        thread = Thread(target=write)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()


@dataclass(frozen=True)
class Promoted:
    statuses: Counter[int]
    acknowledged: int
    lost: list[float]
    """How long before the end of the primary each was acknowledged that is gone."""
    seconds_to_promote: float
    seconds_without_writes: float


def promote(stack: Stack) -> Promoted:
    standby, writer = standby_of(stack), Writer(Api.signed_in(stack.env))
    with writer.writing():
        time.sleep(SECONDS_OF_LOAD)
        primary = stack.processes["postgres"].popen
        os.killpg(primary.pid, signal.SIGKILL)
        died = time.monotonic()
        with standby.superuser() as cursor:
            cursor.execute("SELECT pg_promote(true, 60)")
        point_to(stack.env["DATABASE_REPLICA_URL"])
        promoted = time.monotonic()
        wait_until(lambda: writer.acknowledged[-1][1] > promoted, "nothing can be written")
        time.sleep(1)
    with sa.create_engine(stack.env["DATABASE_REPLICA_URL"]).connect() as connection:
        there = {str(row.id) for row in connection.execute(sa.text("SELECT id FROM analyses"))}
    times = [at for _, at in writer.acknowledged]
    gap = max(later - earlier for earlier, later in pairwise(times))
    lost = [died - at for id_, at in writer.acknowledged if id_ not in there]
    return Promoted(writer.statuses, len(writer.acknowledged), lost, promoted - died, gap)


def point_to(url: str) -> None:
    """As a change of the secret does, or of the address that the name of the database leads to."""
    os.environ["DATABASE_URL"] = url
    config.settings.cache_clear()
    db.dispose()
