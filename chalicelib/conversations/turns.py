"""A turn's two transactions: what is said is recorded before anybody is asked, and what is answered
afterwards, under the turn's fence. Messages are numbered under the talk's lock, without gaps."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.conversations import context, talks
from chalicelib.conversations.context import Folded, Past, Said
from chalicelib.conversations.exceptions import (
    AnswerOutstanding,
    Blocked,
    TurnLost,
    TurnRunning,
)
from chalicelib.conversations.schemas import Spoken
from chalicelib.conversations.talks import OWNER, PERSONA
from chalicelib.core import idempotency
from chalicelib.core.idempotency import Attempt, IdempotencyKeyReused
from chalicelib.core.models import Conversation, Message, Moderation, Turn, Voice
from chalicelib.core.ports import Service
from chalicelib.jobs import timing
from chalicelib.jobs.exceptions import VendorResting
from chalicelib.spending import breakers
from chalicelib.spending import turns as spending
from chalicelib.spending.ledger import SETTLE, Receipt, settled
from chalicelib.spending.turns import Taken

REPLY, FOLD = "reply", "fold"

_LSN = sa.func.greatest(
    Conversation.written_lsn.op("+", return_type=Conversation.written_lsn.type)(1),
    sa.func.pg_current_wal_insert_lsn(),
)
_OPEN = sa.text("""
SELECT talk.summary, message.seq, message.participant, message.content, message.tokens
FROM conversations talk
LEFT JOIN messages message ON message.conversation_id = talk.id
    AND message.seq > talk.summary_upto_seq AND message.moderation = 'ok'
WHERE talk.id = :conversation_id
ORDER BY message.seq
""")


@dataclass(frozen=True)
class Sent:
    conversation_id: UUID
    seq: int


@dataclass(frozen=True)
class Begun:
    """A turn that is ours. The past was as `seen_lsn` says, and `seq` is what is answered."""

    taken: Taken
    service: Service
    seq: int
    content: str
    seen_lsn: str
    is_new: bool
    folds_first: bool

    @property
    def folds(self) -> bool:
        return FOLD in self.taken.events


@dataclass(frozen=True)
class Ended:
    """What the turn's calls have come to; a call without a receipt may have cost anything."""

    receipts: Sequence[Receipt] = ()
    folded: Folded | None = None


def look_up(
    session: Session, *, conversation_id: UUID | None, attempt: Attempt | None
) -> Spoken | None:
    """Return the answer that this request has had already."""
    if conversation_id is None:  # or it has just been begun: `begin` looks again, under the lock
        return None
    sent = _sent(session, conversation_id, attempt)
    return None if sent is None else _reply_to(session, sent)


def begin(
    session: Session,
    service: Service,
    *,
    owner_id: UUID,
    conversation_id: UUID,
    content: str,
    attempt: Attempt | None,
) -> Begun | Spoken:
    """Record what is said, unless it stands there without an answer, and take the turn."""
    talk = talks.lock(session, conversation_id)
    sent = _sent(session, talk.id, attempt)
    if sent is not None and (spoken := _reply_to(session, sent)) is not None:
        return spoken
    _require_free(session, talk.id)
    waiting = _waiting(session, talk, content) if sent is None else sent.seq
    open_tokens = talk.open_tokens if waiting else _say(session, talk, content)
    seq = waiting or talk.next_seq
    if attempt is not None and sent is None:
        idempotency.note(session, attempt, [str(talk.id), seq])
    _require_awake(session, service)
    taken = spending.take(
        session,
        service,
        user_id=owner_id,
        conversation_id=talk.id,
        seq=seq,
        steps=(REPLY, FOLD) if open_tokens > context.FOLD_ABOVE else (REPLY,),
    )
    folds_first = open_tokens > context.READ_AT_MOST
    return Begun(taken, service, seq, content, talk.written_lsn, not waiting, folds_first)


def read_past(session: Session, conversation_id: UUID) -> Past:
    """Return what stands open. While a turn is ours nobody else adds to it."""
    rows = session.execute(_OPEN, {"conversation_id": conversation_id}).all()
    said = tuple(
        Said(seq=row.seq, voice=_voice(row.participant), content=row.content, tokens=row.tokens)
        for row in rows
        if row.seq is not None
    )
    return Past(summary=rows[0].summary, said=said)


def finish(session: Session, begun: Begun, ended: Ended, reply: str) -> Spoken:
    """Record the reply and end the turn, or raise `TurnLost`."""
    conversation_id = begun.taken.conversation_id
    talk = talks.lock(session, conversation_id)
    _end(session, begun, ended, texts=1)
    tokens = context.estimate(reply)
    _add(session, talk, participant=PERSONA, content=reply, tokens=tokens)
    lsn = _write(session, talk, added=1, tokens=tokens, folded=ended.folded)
    return Spoken(conversation_id, talk.next_seq, reply, written_lsn=lsn)


def give_up(session: Session, begun: Begun, ended: Ended, *, is_blocked: bool = False) -> None:
    """End the turn without a reply. What was said stays, to be answered another time; unless it
    was refused: then nothing that waits for an answer is ever told to a model again."""
    talk = talks.lock(session, begun.taken.conversation_id)
    _end(session, begun, ended, texts=0)
    if is_blocked:
        _write(session, talk, added=0, tokens=-_block(session, talk))
    elif ended.folded is not None:
        _write(session, talk, added=0, tokens=0, folded=ended.folded)


def _require_free(session: Session, conversation_id: UUID) -> None:
    """Raise `TurnRunning` while a turn lives; end one that has died."""
    row = session.execute(
        sa.select(Turn.id, (Turn.until > sa.func.now()).label("is_alive")).where(
            Turn.conversation_id == conversation_id
        )
    ).one_or_none()
    if row is None:
        return
    if row.is_alive:
        raise TurnRunning
    spending.end(session, [(conversation_id, row.id)], texts=0)


def _require_awake(session: Session, service: Service) -> None:
    rest = breakers.rest_of(session, service, probe_time=timing.PROBE_TIME, news=timing.PROBE_NEWS)
    if rest is not None:
        raise VendorResting(rest)


def _sent(session: Session, conversation_id: UUID, attempt: Attempt | None) -> Sent | None:
    """Return the message that this key has sent before."""
    if attempt is None or (noted := idempotency.find(session, attempt)) is None:
        return None
    if noted[0] != str(conversation_id):
        raise IdempotencyKeyReused
    return Sent(UUID(noted[0]), noted[1])


def _waiting(session: Session, talk: "sa.Row[Any]", content: str) -> int | None:
    """Return the last message if it says the same and has no answer: then this is its retry."""
    last = session.execute(
        sa.select(Message.participant, Message.content, Message.moderation).where(
            Message.conversation_id == talk.id, Message.seq == talk.next_seq - 1
        )
    ).one_or_none()
    if last is None or last.participant == PERSONA or last.moderation is Moderation.BLOCKED:
        return None
    if last.content == content:
        return int(talk.next_seq - 1)
    if talk.open_tokens > context.READ_AT_MOST:
        raise AnswerOutstanding
    return None


def _say(session: Session, talk: "sa.Row[Any]", content: str) -> int:
    tokens = context.estimate(content)
    _add(session, talk, participant=OWNER, content=content, tokens=tokens)
    _write(session, talk, added=1, tokens=tokens, spoken_at=sa.func.now())
    return int(talk.open_tokens + tokens)


def _reply_to(session: Session, sent: Sent) -> Spoken | None:
    """Return the first reply after the message: it answers all that was said before it."""
    of_talk = Message.conversation_id == sent.conversation_id
    said = session.scalar(sa.select(Message.moderation).where(of_talk, Message.seq == sent.seq))
    if said is Moderation.BLOCKED:
        raise Blocked
    reply = session.execute(
        sa.select(Message.seq, Message.content)
        .where(of_talk, Message.seq > sent.seq, Message.participant == PERSONA)
        .order_by(Message.seq)
        .limit(1)
    ).one_or_none()
    if reply is None:
        return None
    return Spoken(sent.conversation_id, reply.seq, reply.content, is_replay=True)


def _end(session: Session, begun: Begun, ended: Ended, *, texts: int) -> None:
    """Settle what is known and end the turn, or raise `TurnLost` when it is not ours any more."""
    for receipt in ended.receipts:
        session.execute(SETTLE, settled(receipt))
    turn = (begun.taken.conversation_id, begun.taken.id)
    if not spending.end(session, [turn], texts=texts):
        raise TurnLost


def _block(session: Session, talk: "sa.Row[Any]") -> int:
    """Block what was said since the last reply, and return how many tokens that was."""
    last_reply = (
        sa.select(Message.seq)
        .where(Message.conversation_id == talk.id, Message.participant == PERSONA)
        .order_by(Message.seq.desc())
        .limit(1)
    )
    blocked = session.scalars(
        sa.update(Message)
        .where(
            Message.conversation_id == talk.id,
            Message.seq > sa.func.greatest(last_reply.scalar_subquery(), talk.summary_upto_seq),
            Message.moderation == Moderation.OK,
        )
        .values(moderation=Moderation.BLOCKED)
        .returning(Message.tokens)
    )
    return sum(blocked)


def _add(
    session: Session, talk: "sa.Row[Any]", *, participant: int, content: str, tokens: int
) -> None:
    session.execute(
        sa.insert(Message).values(
            conversation_id=talk.id,
            seq=talk.next_seq,
            participant=participant,
            content=content,
            tokens=tokens,
        )
    )


def _write(
    session: Session,
    talk: "sa.Row[Any]",
    *,
    added: int,
    tokens: int,
    folded: Folded | None = None,
    **values: Any,
) -> str:
    """Say in the talk's own row that it has grown. Return the LSN that this is written at."""
    if folded is not None:
        tokens -= folded.tokens
        values |= {"summary": folded.summary, "summary_upto_seq": folded.upto_seq}
    return session.scalars(
        sa.update(Conversation)
        .where(Conversation.id == talk.id)
        .values(
            next_seq=Conversation.next_seq + added,
            open_tokens=Conversation.open_tokens + tokens,
            written_lsn=_LSN,
            **values,
        )
        .returning(Conversation.written_lsn)
    ).one()


def _voice(participant: int) -> Voice:
    return Voice.HUMAN if participant == OWNER else Voice.AI
