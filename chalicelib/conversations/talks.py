"""Finding one's talk with a persona. A chat is a conversation of two: its owner and the persona."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from chalicelib.core.models import Conversation, Participant, ParticipantRole, Persona, User, Voice
from chalicelib.personas.exceptions import PersonaNotFound, PersonaNotReady

OWNER, PERSONA = 1, 2
"""The participants of a chat. A room numbers them as they come."""

_personas, _users, _conversations = (model.__table__ for model in (Persona, User, Conversation))
_PRIMARY = (
    sa.select(_users.c.primary_persona_id)
    .where(_users.c.id == sa.bindparam("owner_id"))
    .scalar_subquery()
)
# Made once. Without an id it is the primary persona that is meant.
_FOUND: sa.Select[Any] = (
    sa.select(
        _personas.c.id,
        _personas.c.version,
        _personas.c.published_at,
        _conversations.c.id.label("conversation_id"),
        _conversations.c.written_lsn,
    )
    .select_from(_personas)
    .outerjoin(
        _conversations,
        sa.and_(
            _conversations.c.persona_id == _personas.c.id,
            _conversations.c.owner_id == _personas.c.owner_id,
        ),
    )
    .where(_personas.c.owner_id == sa.bindparam("owner_id"), _personas.c.deleted_at.is_(None))
)
_MINE = _FOUND.where(_personas.c.id == _PRIMARY)
_OWN = _FOUND.where(_personas.c.id == sa.bindparam("persona_id"))


def find(session: Session, *, owner_id: UUID, persona_id: UUID | None) -> sa.Row[Any]:
    """Return one of the owner's personas, the primary one without an id, and the talk with it."""
    query, which = (_MINE, {}) if persona_id is None else (_OWN, {"persona_id": persona_id})
    row = session.execute(query, {"owner_id": owner_id, **which}).one_or_none()
    if row is None:
        raise PersonaNotFound
    return row


def find_ready(session: Session, *, owner_id: UUID, persona_id: UUID | None) -> sa.Row[Any]:
    persona = find(session, owner_id=owner_id, persona_id=persona_id)
    if persona.published_at is None:
        raise PersonaNotReady
    return persona


def lock(session: Session, conversation_id: UUID) -> sa.Row[Any]:
    """Hold the talk until the end of the transaction: whoever writes into it comes here first."""
    columns = ("id", "next_seq", "open_tokens", "summary_upto_seq", "written_lsn")
    wanted = sa.select(*(_conversations.c[name] for name in columns))
    held = wanted.where(_conversations.c.id == conversation_id).with_for_update()
    return session.execute(held).one()


def open_talk(session: Session, *, owner_id: UUID, persona_id: UUID) -> UUID:
    """Begin the talk, or find that another request has just begun it."""
    begun: UUID | None = session.scalar(
        insert(Conversation)
        .values(owner_id=owner_id, persona_id=persona_id)
        .on_conflict_do_nothing()
        .returning(Conversation.id)
    )
    if begun is None:
        known = sa.select(Conversation.id).where(
            Conversation.owner_id == owner_id, Conversation.persona_id == persona_id
        )
        return session.scalars(known).one()
    host = {"user_id": owner_id, "voice": Voice.HUMAN, "role": ParticipantRole.HOST}
    guest = {"persona_id": persona_id, "voice": Voice.AI, "role": ParticipantRole.GUEST}
    session.execute(sa.insert(Participant).values(conversation_id=begun, number=OWNER, **host))
    session.execute(sa.insert(Participant).values(conversation_id=begun, number=PERSONA, **guest))
    return begun
