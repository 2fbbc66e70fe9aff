"""The primary dies under load, and its standby takes its place."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from threading import Event, Thread

import requests
import sqlalchemy as sa

from local.home import CHECKOUT
from local.ports import HOST
from local.postgres import Cluster
from local.stack import Stack
from tests.drills.load import ANSWER_SECONDS, people, serving
from tests.drills.servers import primary_of, standby_of, wait_until
from tests.relay import relaying

MAY_BE_LOST_SECONDS = 1.0
"""What a replica may be behind: as far back is lost what was acknowledged without it."""


@dataclass
class Writer:
    """Somebody who writes all the time, and knows what was acknowledged."""

    url: str
    token: str
    statuses: Counter[int] = field(default_factory=Counter)
    acknowledged: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def writing(self) -> Iterator[None]:
        is_over = Event()
        thread = Thread(target=self._write, args=(is_over,))
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

    def _write(self, is_over: Event) -> None:
        with requests.Session() as http:
            http.trust_env = False
            http.headers["Authorization"] = f"Bearer {self.token}"
            while not is_over.is_set():
                answer = http.post(
                    f"{self.url}/analyses?replace=true",
                    json={"subject_name": "Ada"},
                    timeout=ANSWER_SECONDS,
                )
                self.statuses[answer.status_code] += 1
                if answer.status_code == 201:
                    self.acknowledged.append((answer.json()["id"], time.monotonic()))
                else:
                    time.sleep(0.05)


@dataclass(frozen=True)
class Promoted:
    statuses: Counter[int]
    acknowledged: int
    lost: list[float]
    """How long before the end of the primary each was acknowledged that is gone."""
    may_be_lost_seconds: float
    seconds_to_promote: float
    seconds_without_writes: float

    @property
    def is_kept(self) -> bool:
        """Tell whether all is there that has to be, and nobody has seen more than a 503."""
        kept = all(age < self.may_be_lost_seconds for age in self.lost)
        return kept and {*self.statuses} <= {201, 503}


def promote(stack: Stack, *, is_synchronous: bool, seconds_of_load: float) -> Promoted:
    """Synchronous is what Multi-AZ is: nobody is answered before the standby has it, too."""
    primary, standby = primary_of(stack), standby_of(stack)
    if is_synchronous:
        keep_step(primary)
    with ExitStack() as undo:
        # The name of the database stays; where it leads to is changed.
        name = undo.enter_context(relaying(stack.env["DATABASE_URL"]))
        url = sa.make_url(stack.env["DATABASE_URL"]).set(port=name.port)
        settings = stack.env | {"DATABASE_URL": url.render_as_string(hide_password=False)}
        api = undo.enter_context(serving(CHECKOUT, settings, log=stack.home.log("promotion")))
        [token] = people(stack.env, api, count=1)
        writer = Writer(api, token)
        with writer.writing():
            time.sleep(seconds_of_load)
            died = kill(stack)
            with standby.superuser() as cursor:
                cursor.execute("SELECT pg_promote(true, 60)")
            name.target = (HOST, standby.port)
            promoted = time.monotonic()
            wait_until(lambda: writer.acknowledged[-1][1] > promoted, "nothing can be written")
            time.sleep(seconds_of_load / 2)
    there = ids(stack.env["DATABASE_REPLICA_URL"])
    times = [at for _, at in writer.acknowledged]
    return Promoted(
        writer.statuses,
        len(writer.acknowledged),
        lost=[died - at for each, at in writer.acknowledged if each not in there],
        may_be_lost_seconds=float("-inf") if is_synchronous else MAY_BE_LOST_SECONDS,
        seconds_to_promote=promoted - died,
        seconds_without_writes=max(later - earlier for earlier, later in pairwise(times)),
    )


def keep_step(primary: Cluster) -> None:
    with primary.superuser() as cursor:
        cursor.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        cursor.execute("SELECT pg_reload_conf()")
    in_step = "SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'"
    wait_until(lambda: primary.answers(in_step), "the standby does not keep step")


def kill(stack: Stack) -> float:
    process = stack.processes.pop("postgres")
    os.killpg(process.popen.pid, signal.SIGKILL)
    died = time.monotonic()
    process.popen.wait()
    return died


def ids(url: str) -> set[str]:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = {str(row.id) for row in connection.execute(sa.text("SELECT id FROM analyses"))}
    engine.dispose()
    return found
