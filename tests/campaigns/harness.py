"""What a campaign needs of the product: to ask, to let time pass, to deliver, to look."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import boto3
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import ImageModel, JobStatus, Persona
from chalicelib.jobs import timing
from local.stack import Stack
from local.vendors.control import Control
from tests.campaigns.clock import Clock
from tests.campaigns.crew import Crew
from tests.campaigns.mail import Mailbox, Message
from tests.campaigns.nursery import RoleFailed, bury
from tests.campaigns.outcomes import (
    Outcome,
    Store,
    count_reservations,
    read_ledger,
    read_outcomes,
    statuses,
)
from tests.client import Api

FIRST_TICK_SECONDS = 50
"""A kill comes ten seconds before a sweep would find the lease expired: nearly the worst case."""
TICKS = 20
FOREVER = 10**9


@dataclass(frozen=True)
class View:
    """What can be seen from outside: the results, and what the vendors have charged for each."""

    outcomes: list[Outcome]
    bills: Mapping[str, Mapping[str, int]]
    ledger: Mapping[UUID, Mapping[str, int]]
    """What our own books say was paid for, by job."""
    reserved: int
    """How many of the jobs hold a part of their owner's day."""

    def bill(self, outcome: Outcome) -> Mapping[str, int]:
        return self.bills.get(outcome.name.rpartition("-")[2], {})

    @property
    def unledgered(self) -> int:
        """Count the calls that a vendor was paid for and no ledger knows of."""
        pairs = [(self.bill(each), self._booked(each)) for each in self.outcomes]
        missing = [
            max(0, n - booked.get(paid, 0)) for bill, booked in pairs for paid, n in bill.items()
        ]
        return sum(missing)

    def _booked(self, outcome: Outcome) -> Mapping[str, int]:
        return self.ledger.get(outcome.job_id, {}) if outcome.job_id else {}


def prefix_of(names: Sequence[str]) -> str:
    """Return what the names of one campaign have in common."""
    return names[0].rpartition("-")[0] + "-"


@contextmanager
def opened(stack: Stack, *, control: Control, session: Session, mail: Path) -> Iterator["Harness"]:
    """Set a campaign up on a running stack, for somebody who has just signed in."""
    api = Api.signed_in(stack.env)
    clock = Clock(session)
    store = Store(boto3.client("s3"), stack.env["MEDIA_BUCKET"])
    try:
        yield Harness(
            control=control,
            session=session,
            store=store,
            mailbox=Mailbox(mail, clock),
            clock=clock,
            crew=Crew(),
            token=api.token or "",
            owner_id=api.user["id"],
        )
    finally:
        bury()


@dataclass
class Harness:
    control: Control
    session: Session
    store: Store
    mailbox: Mailbox
    clock: Clock
    crew: Crew
    token: str
    owner_id: str

    def begin(self, runs: int) -> list[str]:
        """Return names that nobody else has, for pictures that cost no time."""
        self.deliver(self.receive())  # what was left behind
        prefix = f"Ada {uuid4().hex[:6]}-"
        self.control.latency(text=0, moderation=0, image=0, prediction=0, download=0)
        for operation in ("image", "prediction"):
            self.control.fail(operation, "plain", times=FOREVER, contains=prefix)
        return [f"{prefix}{number:04}" for number in range(runs)]

    def accept(self, names: Sequence[str], model: ImageModel) -> list[tuple[int, Any]]:
        """Ask for personas, and return the answers. Raises `RoleFailed` when there is none."""
        answers = self.crew.each("accept", [(self.token, name, model) for name in names])
        if any(status >= HTTPStatus.INTERNAL_SERVER_ERROR for status, _ in answers):
            raise RoleFailed(answers)
        return answers

    def post(self, path: str) -> int:
        status: int = self.crew.ask("post", self.token, path)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise RoleFailed(path, status)
        return status

    def statuses(self, prefix: str) -> Mapping[UUID, JobStatus]:
        return statuses(self.session, prefix)

    def receive(self) -> list[Message]:
        return self.mailbox.receive()

    def deliver(self, messages: Sequence[Message]) -> None:
        self.crew.each("deliver", [([message],) for message in messages])

    def recover(self, prefix: str) -> Mapping[UUID, float]:
        """Let time pass, a sweep a minute, until every job has ended; return when each did."""
        seconds = 0.0
        ended: dict[UUID, float] = {}
        for tick in range(TICKS):
            step = timing.SWEEP_PERIOD.total_seconds() if tick else FIRST_TICK_SECONDS
            self.clock.advance(step)
            seconds += step
            self.crew.ask("sweep")
            self.deliver(self.receive())
            found = self.statuses(prefix)
            final = [job_id for job_id, status in found.items() if status.is_final]
            ended = dict.fromkeys(final, seconds) | ended
            if len(ended) == len(found):
                break
        return ended

    def replay(self, names: Sequence[str], model: ImageModel) -> int:
        """Ask once more, as a client would that saw no answer; return how many were told of
        another persona, or made another job."""
        before = self.personas(names)
        answers = self.accept(names, model)
        told = {
            name: (status, UUID(answer["persona_id"]))
            for name, (status, answer) in zip(names, answers, strict=True)
        }
        after = self.personas(names)
        return sum(
            told[name] != (200, before[name][0]) or after[name] != before[name] for name in names
        )

    def personas(self, names: Sequence[str]) -> dict[str, tuple[UUID, UUID | None]]:
        wanted = sa.select(Persona.name, Persona.id, Persona.job_id).where(Persona.name.in_(names))
        return {row.name: (row.id, row.job_id) for row in self.session.execute(wanted)}

    def deliver_again(self) -> None:
        """Show every message once more that was hidden when its worker died, and show it twice."""
        self.clock.advance(timing.VISIBILITY.total_seconds())
        messages = self.receive()
        self.deliver([*messages, *reversed(messages)])

    def look(self, prefix: str) -> View:
        outcomes = read_outcomes(self.session, self.store, prefix)
        job_ids = [outcome.job_id for outcome in outcomes if outcome.job_id]
        return View(
            outcomes,
            self.control.tally(prefix),
            read_ledger(self.session, job_ids),
            count_reservations(self.session, job_ids),
        )
