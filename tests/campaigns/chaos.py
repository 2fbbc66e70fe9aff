"""Everything at once: kills anywhere, three workers a job, messages twice and in any order, and a
database that crashes. The plan comes from a seed; what the machine makes of it does not."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from chalicelib.jobs import timing
from tests.campaigns.errands import AWAITED, FRIENDS, OPENJOURNEY, PERSONA, Errand
from tests.campaigns.harness import Harness, View, prefix_of
from tests.campaigns.mail import Message
from tests.campaigns.nursery import Fate, Hand, Killed, RoleFailed
from tests.campaigns.outcomes import Outcome, is_anybody_waiting
from tests.campaigns.points import POINTS

ERRANDS = (PERSONA, OPENJOURNEY, FRIENDS, AWAITED)
WAVE = 30
WORKERS = 3
AT_ONCE = 6
ROUNDS = 25
RECKLESS_ROUNDS = 2
LONGEST_LIFE_SECONDS = 0.12
PATIENCE_SECONDS = 30
PAUSE_SECONDS = 0.1

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Row:
    seed: int
    jobs: int
    kills: int
    restarts: int
    ready: int
    lost: int
    mismatches: int
    text: int
    image: int
    prediction: int
    unledgered: int
    unexplained: int
    """Jobs that paid more often than once for each step and each trouble they had."""

    @property
    def is_well(self) -> bool:
        return self.ready == self.jobs and not (
            self.lost + self.mismatches + self.unledgered + self.unexplained
        )


@dataclass
class Chaos:
    harness: Harness
    seed: int
    kills: int = 0
    restarts: int = 0
    troubles: Counter[str] = field(default_factory=Counter)
    """How often something died that was at work on a job."""
    retries: Counter[UUID | None] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        # The plan has to be repeatable; nothing is guarded by it.
        self._random = Random(self.seed)  # noqa: S311

    def run(self, jobs: int) -> Iterator[Row]:
        """Yield what has come of all jobs so far, a wave at a time."""
        rows = []
        for done in range(0, jobs, WAVE):
            rows.append(self._wave(min(jobs - done, WAVE)))
            yield self._together(rows)

    def _together(self, rows: Sequence[Row]) -> Row:
        counted = {
            name: sum(getattr(row, name) for row in rows)
            for name in Row.__annotations__
            if name not in {"seed", "kills", "restarts"}
        }
        return Row(seed=self.seed, kills=self.kills, restarts=self.restarts, **counted)

    def _wave(self, jobs: int) -> Row:
        harness = self.harness
        names = self._insist(lambda: harness.begin(jobs))
        prefix = prefix_of(names)
        errands = {name: self._random.choice(ERRANDS) for name in names}
        for name in names:
            self._ask_for(name, errands[name])
        for number in range(ROUNDS):
            self._deliver(is_reckless=number < RECKLESS_ROUNDS)
            self._insist(harness.hear)
            self._insist(lambda: harness.clock.advance(timing.SWEEP_PERIOD.total_seconds()))
            self._sweep(is_reckless=number < RECKLESS_ROUNDS)
            if self._are_ready(prefix, jobs):
                break
        seen = self._insist(lambda: harness.look(prefix))
        harness.control.clear()
        return self._row(jobs, seen, errands)

    def _ask_for(self, name: str, errand: Errand) -> None:
        """Ask until there is an answer, as clients do."""
        if self._random.random() < 1 / 2:
            self._perish("ask", self.harness.wish(name, errand), role="accept")
        self._insist(lambda: self.harness.accept([name], errand))

    def _deliver(self, *, is_reckless: bool) -> None:
        messages = self._insist(self.harness.receive)
        self._random.shuffle(messages)
        deliveries = [message for message in messages for _ in range(WORKERS)]
        restart_at = self._random.randrange(len(deliveries) + 1) if is_reckless else -1
        living: list[tuple[Hand, Message, float]] = []
        for number, message in enumerate(deliveries):
            if number == restart_at:
                self._crash_the_database()
            if len(living) == AT_ONCE:
                self._bury(*living.pop(0))
            living.append(self._set_to_work(message, is_doomed=is_reckless))
        for each in living:
            self._bury(*each)

    def _set_to_work(self, message: Message, *, is_doomed: bool) -> tuple[Hand, Message, float]:
        """Let a process work on the message that dies at a point, or at a moment, or not."""
        point, life = None, float("inf")
        chance = self._random.random()
        if is_doomed and chance < 1 / 4:
            point = self._random.choice(_points_of("work"))
        elif is_doomed and chance < 1 / 2:
            life = self._random.random() * LONGEST_LIFE_SECONDS
        hand = Hand(Fate(point, is_alone=False) if point else None)
        hand.tell("deliver", [message])
        return hand, message, life

    def _bury(self, hand: Hand, message: Message, life: float) -> None:
        if not hand.connection.poll(min(life, PATIENCE_SECONDS)):
            hand.kill()
        try:
            hand.answer()
        except Killed:
            self.kills += 1
            self.troubles[message.job_id] += 1
        except RoleFailed:
            self.troubles[message.job_id] += 1  # the database was away
        finally:
            hand.close()

    def _sweep(self, *, is_reckless: bool) -> None:
        if is_reckless and self._random.random() < 1 / 2:
            self._perish("sweep", (), role="sweep")
        self._insist(lambda: self.harness.crew.ask("sweep"))

    def _perish(self, telling: str, arguments: Sequence[Any], *, role: str) -> None:
        hand = Hand(Fate(self._random.choice(_points_of(role))))
        try:
            hand.ask(telling, *arguments)
        except Killed:
            self.kills += 1
        except RoleFailed:
            pass  # the database was away
        finally:
            hand.close()

    def _are_ready(self, prefix: str, jobs: int) -> bool:
        """Try again what has failed for good, as its owner would."""
        outcomes = self._insist(lambda: self.harness.statuses(prefix))
        for job_id, status in outcomes.items():
            if status == "failed":
                self.retries[job_id] += 1
                self._insist(partial(self.harness.post, f"/jobs/{job_id}/retry"))
        if sum(status == "succeeded" for status in outcomes.values()) < jobs:
            return False
        return not self._insist(lambda: is_anybody_waiting(self.harness.session, prefix))

    def _crash_the_database(self) -> None:
        """Kill one of PostgreSQL's processes: it ends all others at once and recovers from its
        log, as after `pg_ctl stop -m immediate`."""
        pid = self._insist(lambda: self.harness.session.scalar(sa.text("SELECT pg_backend_pid()")))
        os.kill(pid, signal.SIGKILL)
        self.restarts += 1

    def _insist(self, do: Callable[[], Answer]) -> Answer:
        """Try until the database is back."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return do()
            except (OperationalError, RoleFailed):
                if time.monotonic() > deadline:
                    raise
            self.harness.session.rollback()
            time.sleep(PAUSE_SECONDS)

    def _row(self, jobs: int, seen: View, errands: dict[str, Errand]) -> Row:
        extra: Counter[str] = Counter()
        unexplained = 0
        for outcome in seen.outcomes:
            troubles = self.troubles[str(outcome.job_id)]
            bill = seen.bill(outcome)
            usual = errands[outcome.name].bill
            unexplained += any(
                count > usual.get(paid, 0) * (1 + troubles) for paid, count in bill.items()
            )
            extra.update({paid: count - usual.get(paid, 0) for paid, count in bill.items()})
        return Row(
            seed=self.seed,
            jobs=jobs,
            kills=0,
            restarts=0,
            ready=sum(each.status == "succeeded" for each in seen.outcomes),
            lost=jobs - sum(each.is_final for each in seen.outcomes),
            mismatches=sum(not self._is_right(each, errands[each.name]) for each in seen.outcomes),
            text=extra["text"],
            image=extra["image"],
            prediction=extra["prediction"],
            unledgered=seen.unledgered,
            unexplained=unexplained,
        )

    def _is_right(self, outcome: Outcome, errand: Errand) -> bool:
        ends = 1 + self.retries[outcome.job_id]
        return outcome.is_made(errand) and outcome.is_told(errand, ends=ends)


def _points_of(role: str) -> list[str]:
    return [point.name for point in POINTS.values() if point.role == role]
