"""One turn of a chat: what is said is judged and recorded, the persona asked, its answer judged and
recorded. The vendors are asked between the two transactions, never inside one."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from chalicelib.conversations import context, prompts, talks, turns
from chalicelib.conversations.context import Folded, Memory, Past
from chalicelib.conversations.exceptions import Blocked, ReplyFailed, ReplyWithheld, TurnLost
from chalicelib.conversations.schemas import Spoken
from chalicelib.conversations.turns import FOLD, REPLY, Begun, Ended
from chalicelib.core.db import at_once, reading, transaction
from chalicelib.core.errors import DomainError
from chalicelib.core.idempotency import Attempt
from chalicelib.core.ports import (
    Cache,
    ContentRefused,
    Limits,
    Served,
    Service,
    TextEngine,
    Units,
    VendorRejected,
    VendorUnavailable,
)
from chalicelib.core.text import plain
from chalicelib.jobs import timing
from chalicelib.jobs.exceptions import VendorResting
from chalicelib.spending import breakers
from chalicelib.spending.ledger import Receipt

log = logging.getLogger(__name__)

Thing = TypeVar("Thing")

TURN_SECONDS = 20.0
"""What the vendors have together. The function has 25, and the turn is nobody else's for 30."""
MODERATION_SECONDS = 4.0
FOLD_SECONDS = 6.0
REPLY_SECONDS = 12.0
LEAST_SECONDS = 0.5
REPLY_TOKENS = 800
FOLD_TOKENS = 600
REPLY_LENGTH = 2000

VENDOR_ERRORS = (VendorUnavailable, ContentRefused, VendorRejected)


@dataclass(frozen=True)
class Clock:
    """What is left of a turn's time."""

    ends_at: float = field(default_factory=lambda: time.monotonic() + TURN_SECONDS)

    def at_most(self, seconds: float, *, spare: float = 0) -> float:
        left = self.ends_at - time.monotonic() - spare
        return max(LEAST_SECONDS, min(seconds, left))


@dataclass
class Calls:
    """The calls of a turn. Each has its intent in the ledger already, and leaves its receipt."""

    begun: Begun
    asked: dict[str, Receipt | None] = field(default_factory=dict)
    folded: Folded | None = None

    def make(self, step: str, call: Callable[[], Served[Thing]]) -> Thing:
        self.asked[step] = None
        try:
            served = call()
        except VENDOR_ERRORS as error:
            if error.used is not None:
                self._note(step, error.used)
            raise
        self._note(step, served.units)
        return served.value

    @property
    def ended(self) -> Ended:
        """What is known now. What was not asked costs nothing; what was not answered, anything."""
        unasked = self.begun.taken.events.keys() - self.asked.keys()
        for step in unasked:
            self._note(step, {})
        return Ended([each for each in self.asked.values() if each is not None], self.folded)

    def _note(self, step: str, units: Units) -> None:
        event_id = self.begun.taken.events[step]
        self.asked[step] = Receipt(event_id, self.begun.service, units)


def send_message(
    text: TextEngine,
    cache: Cache,
    *,
    owner_id: UUID,
    persona_id: UUID | None,
    message: str,
    attempt: Attempt | None,
) -> Spoken:
    """Say something to one's persona and return what it answers; the primary one without an id.

    A request that was answered before gets that answer again, and one that failed is tried again:
    the same message never stands twice for want of an answer.
    """
    clock = Clock()
    with reading() as session:
        persona = talks.find_ready(session, owner_id=owner_id, persona_id=persona_id)
        known = turns.look_up(session, conversation_id=persona.conversation_id, attempt=attempt)
    if known is not None:
        return known
    _admit(text.moderating)
    _screen(text, message, clock)
    prompt = prompts.instructions_of(cache, persona_id=persona.id, version=persona.version)
    with transaction() as session:
        conversation_id = persona.conversation_id or talks.open_talk(
            session, owner_id=owner_id, persona_id=persona.id
        )
        begun = turns.begin(
            session,
            text.writing,
            owner_id=owner_id,
            conversation_id=conversation_id,
            content=message,
            attempt=attempt,
        )
    if isinstance(begun, Spoken):
        return begun
    return _carried_out(text, cache, begun, prompt, clock)


def _screen(text: TextEngine, message: str, clock: Clock) -> None:
    """A moderator that has judged works, whatever it says and whatever becomes of the turn."""
    try:
        _judge(text, message, clock)
    except ContentRefused as error:
        _trust(text.moderating)
        raise Blocked from error
    _trust(text.moderating)


def _carried_out(text: TextEngine, cache: Cache, begun: Begun, prompt: str, clock: Clock) -> Spoken:
    past = prompts.past_of(cache, begun)
    calls = Calls(begun)
    reply = _settled_reply(text, calls, past, prompt, clock)
    with transaction() as session:
        spoken = turns.finish(session, begun, calls.ended, reply)
        session.execute(breakers.CLOSE, breakers.closed(text.writing))
    prompts.keep_past(cache, past, spoken, calls.folded)
    return spoken


def _settled_reply(text: TextEngine, calls: Calls, past: Past, prompt: str, clock: Clock) -> str:
    """Return a reply that may be shown, or end the turn and say why there is none."""
    try:
        reply = _asked(text, calls, past, prompt, clock)
    except VENDOR_ERRORS as error:
        _give_up(calls, is_blocked=isinstance(error, ContentRefused))
        _note(text.writing, error)
        raise _explained(error) from error
    try:
        _judge(text, reply, clock)
    except (ContentRefused, VendorUnavailable) as error:
        _give_up(calls)
        _trust(text.writing)
        if isinstance(error, ContentRefused):
            raise ReplyWithheld from error
        raise
    return reply


def _asked(text: TextEngine, calls: Calls, past: Past, prompt: str, clock: Clock) -> str:
    """Ask for the reply. What has grown too long is folded meanwhile, and before it only where it
    could not be read at once: a fold that fails then fails the turn."""
    if calls.begun.folds_first:
        calls.folded = _fold(text, calls, past, clock)
        return _reply(text, calls, context.folded_past(past, calls.folded), prompt, clock)
    with ThreadPoolExecutor(1) as pool:
        if calls.begun.folds:
            pool.submit(copy_context().run, _fold_aside, text, calls, past, clock)
        return _reply(text, calls, past, prompt, clock)


def _reply(text: TextEngine, calls: Calls, past: Past, prompt: str, clock: Clock) -> str:
    seconds = clock.at_most(REPLY_SECONDS, spare=MODERATION_SECONDS)
    limits = Limits(seconds=seconds, tokens=REPLY_TOKENS)
    said = calls.make(REPLY, lambda: text.reply(prompt, context.lines(past), limits=limits))
    if not (reply := plain(said, limit=REPLY_LENGTH)) or len(said) > 2 * REPLY_LENGTH:
        raise VendorRejected
    return reply


def _fold(text: TextEngine, calls: Calls, past: Past, clock: Clock) -> Folded:
    oldest = context.to_fold(past)
    limits = Limits(seconds=clock.at_most(FOLD_SECONDS), tokens=FOLD_TOKENS)
    asked = context.fold_prompt(past, oldest)
    memory = calls.make(FOLD, lambda: text.answer(asked, Memory, limits=limits))
    return Folded(memory.summary, oldest[-1].seq, sum(each.tokens for each in oldest))


def _fold_aside(text: TextEngine, calls: Calls, past: Past, clock: Clock) -> None:
    """What is not folded now stands open until it is: the next turn tries again."""
    try:
        calls.folded = _fold(text, calls, past, clock)
    except VENDOR_ERRORS as error:
        log.warning("not folded", extra={"code": error.code, "reason": error.reason})


def _judge(text: TextEngine, said: str, clock: Clock) -> None:
    """Have a text judged. Nobody is heard, or spoken to, without that."""
    try:
        text.moderate(said, seconds=clock.at_most(MODERATION_SECONDS))
    except VendorUnavailable as error:
        _note(text.moderating, error)
        raise
    except VendorRejected as error:
        log.warning("not moderated", extra={"code": error.code, "reason": error.reason})
        raise VendorUnavailable from error


def _admit(service: Service) -> None:
    with at_once() as session:
        rest = breakers.rest_of(
            session, service, probe_time=timing.PROBE_TIME, news=timing.PROBE_NEWS
        )
    if rest is not None:
        raise VendorResting(rest)


def _give_up(calls: Calls, *, is_blocked: bool = False) -> None:
    try:
        with transaction() as session:
            turns.give_up(session, calls.begun, calls.ended, is_blocked=is_blocked)
    except TurnLost:
        talk = calls.begun.taken.conversation_id
        log.warning("turn lost", extra={"conversation_id": str(talk)})


def _note(service: Service, error: DomainError) -> None:
    """A vendor that refuses works."""
    if not isinstance(error, VendorUnavailable):
        _trust(service)
        return
    with transaction() as session:
        breakers.note_failure(session, service, rest=timing.REST, retry_after=error.retry_after)


def _trust(service: Service) -> None:
    """Close the breaker at once: who waits for news of the vendor would wait for a minute else."""
    with at_once() as session:
        session.execute(breakers.CLOSE, breakers.closed(service))


def _explained(error: DomainError) -> DomainError:
    if isinstance(error, ContentRefused):
        return Blocked()
    if isinstance(error, VendorUnavailable):
        return error
    log.warning("no reply", extra={"code": error.code, "reason": error.reason})
    return VendorUnavailable() if error.reason else ReplyFailed()
