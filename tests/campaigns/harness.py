"""What a campaign needs of the product: to ask, to let time pass, to deliver, to look."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from math import inf
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import boto3
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from chalicelib import wiring
from chalicelib.auth.tokens import ACCESS_TOKEN_SECONDS
from chalicelib.core.models import Breaker, Job, JobStatus, Persona
from chalicelib.jobs import timing
from chalicelib.spending import breakers
from local.stack import Stack
from local.vendors.control import Control
from tests.analyses.surveys import answers_at, open_survey, respond
from tests.campaigns.clock import Clock
from tests.campaigns.crew import Crew
from tests.campaigns.errands import Errand
from tests.campaigns.mail import Mailbox, Message
from tests.campaigns.nursery import RoleFailed, bury
from tests.campaigns.outcomes import (
    Outcome,
    Store,
    count_reservations,
    is_anybody_waiting,
    read_ledger,
    read_outcomes,
    statuses,
)
from tests.client import Api
from tests.receiver import Heard, Receiver

FIRST_TICK_SECONDS = 50
"""A kill comes ten seconds before a sweep would find the lease expired: nearly the worst case."""
TICKS = 20
FOREVER = 10**9
HOOKS = "/hooks"
FRIENDS_ANSWERS = answers_at(E=1, A=4, C=5, N=2, O=5)
FRIENDS_WORDS: Sequence[Mapping[str, str]] = (
    {"one_word": "thoughtful"},
    {"one_word": "precise"},
    {},
)


@dataclass(frozen=True)
class View:
    """What can be seen from outside: the results, and what the vendors have charged for each."""

    outcomes: list[Outcome]
    bills: Mapping[str, Mapping[str, int]]
    ledger: Mapping[UUID, Mapping[str, int]]
    """What our own books say was paid for, by persona."""
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
        return self.ledger.get(outcome.persona_id, {})


def prefix_of(names: Sequence[str]) -> str:
    """Return what the names of one campaign have in common."""
    return names[0].rpartition("-")[0] + "-"


@contextmanager
def opened(
    stack: Stack, *, control: Control, session: Session, mail: Path, gateway: Receiver
) -> Iterator["Harness"]:
    """Set campaigns up on a running stack, for somebody who has just signed in, and whose friends
    have answered."""
    api = Api.signed_in(stack.env)
    survey = open_survey(api, subject_name="Ada")
    for words in FRIENDS_WORDS:
        answered = respond(Api(stack.env), survey, answers=FRIENDS_ANSWERS, free_text=words)
        assert answered.status == HTTPStatus.CREATED, answered
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
            owner=api,
            analysis_id=str(survey.id),
            gateway=gateway,
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
    owner: Api
    analysis_id: str
    gateway: Receiver

    _is_fresh_until: float = -inf

    @property
    def owner_id(self) -> str:
        return str(self.owner.user["id"])

    @property
    def token(self) -> str:
        """The owner's, with half of its life before it: a campaign outlives many."""
        if time.monotonic() > self._is_fresh_until:
            self._is_fresh_until = time.monotonic() + ACCESS_TOKEN_SECONDS / 2
            self.owner.renew()
        assert self.owner.token is not None
        return self.owner.token

    def begin(self, runs: int) -> list[str]:
        """Return names that nobody else has, for pictures that cost no time."""
        self.deliver(self.receive())  # what was left behind
        self.hear()
        prefix = f"Ada {uuid4().hex[:6]}-"
        self.control.latency(text=0, moderation=0, image=0, prediction=0, download=0)
        for operation in ("image", "prediction"):
            self.control.fail(operation, "plain", times=FOREVER, contains=prefix)
        return [f"{prefix}{number:04}" for number in range(runs)]

    def accept(self, names: Sequence[str], errand: Errand) -> list[tuple[int, Any]]:
        """Ask for what the errand is for, and return the answers. Raises `RoleFailed` when there
        is none."""
        if errand.fault is not None:
            self.control.fail(*errand.fault, times=FOREVER, contains=prefix_of(names))
        answers = self._asked([self.wish(name, errand) for name in names])
        if errand.part is None:
            return answers
        self.deliver(self.receive())
        paths = [f"/personas/{answer['persona_id']}/{errand.part}" for _, answer in answers]
        return self._asked([(self.token, path, {}, {}) for path in paths])

    def wish(self, name: str, errand: Errand) -> tuple[str, str, Any, Any]:
        """Return what a client sends to ask for a persona."""
        receiver = f"{self.gateway.origin}{HOOKS}"
        wish = errand.wish(name, analysis_id=self.analysis_id, receiver=receiver)
        return self.token, "/personas/generate", wish, errand.key(name)

    def _asked(self, requests: Sequence[tuple[str, str, Any, Any]]) -> list[tuple[int, Any]]:
        answers = self.crew.each("ask", requests)
        if any(status >= HTTPStatus.BAD_REQUEST for status, _ in answers):
            raise RoleFailed(answers)
        return answers

    def hear(self, notices: int = 0) -> None:
        """Let the API hear what Replicate has told by now, and no less than so many notices."""
        arrived: list[tuple[Heard]] = []
        while len(arrived) < notices or not self.gateway.arrivals.empty():
            heard = self.gateway.next()
            if not heard.path.startswith(HOOKS):
                arrived.append((heard,))
        told = self.crew.each("hear", arrived)
        if any(status >= HTTPStatus.INTERNAL_SERVER_ERROR for status in told):
            raise RoleFailed(told)

    def let_rest(self) -> None:
        """Let the text vendor have failed so often that it is left alone for a while."""
        service = wiring.ports().text.moderating
        resting = {"failures": breakers.FAILURES, "open_until": sa.func.now() + timing.REST}
        key = {"provider": service.provider, "model": service.model}
        row = insert(Breaker).values(key | resting)
        self.session.execute(row.on_conflict_do_update(index_elements=list(key), set_=resting))

    def post(self, path: str) -> int:
        status: int = self.crew.ask("post", self.token, path)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise RoleFailed(path, status)
        return status

    def statuses(self, prefix: str) -> Mapping[UUID, JobStatus]:
        return statuses(self.session, prefix)

    def receive(self) -> list[Message]:
        """Return what is visible, but for other people's jobs: in the suite the sweeper sends what
        other tests have left."""
        jobs = {message.job_id for message in self.mailbox.left()}
        theirs = sa.select(Job.id).where(Job.id.in_(jobs), Job.owner_id != self.owner_id)
        foreign = {str(job_id) for job_id in self.session.scalars(theirs)}
        return [each for each in self.mailbox.receive() if each.job_id not in foreign]

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
            self.hear()
            self.crew.ask("sweep")
            self.deliver(self.receive())
            found = self.statuses(prefix)
            final = [job_id for job_id, status in found.items() if status.is_final]
            ended = dict.fromkeys(final, seconds) | ended
            if len(ended) == len(found) and not is_anybody_waiting(self.session, prefix):
                break
        return ended

    def replay(self, names: Sequence[str], errand: Errand) -> int:
        """Ask once more, as a client would that saw no answer; return how many were told of
        another persona, or made another job."""
        before = self.personas(names)
        answers = self.accept(names, errand)
        told = {
            name: (status, UUID(answer["persona_id"]))
            for name, (status, answer) in zip(names, answers, strict=True)
        }
        after = self.personas(names)
        expected = HTTPStatus.ACCEPTED if errand.is_keyed else HTTPStatus.OK
        return sum(
            told[name] != (expected, before[name][0]) or after[name] != before[name]
            for name in names
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
        personas = [outcome.persona_id for outcome in outcomes]
        return View(
            outcomes,
            self.control.tally(prefix),
            read_ledger(self.session, personas),
            count_reservations(self.session, personas),
        )
