"""Votes, likes, views and shares: an event each, and the counts that the lists show.

Whoever writes locks the target's row in the list of all first, so that events and counts move
together, and nobody waits for somebody who waits for them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from chalicelib.core.errors import Unauthenticated
from chalicelib.core.models import Engagement, EngagementEvent, FeedEntry, Target
from chalicelib.core.models.social import EVERYTHING
from chalicelib.personas.exceptions import PersonaNotFound
from chalicelib.social.feed.exceptions import OwnPersona
from chalicelib.social.feed.schemas import (
    CountsRead,
    EngagementCreate,
    EngagementRead,
    MineRead,
)
from chalicelib.social.visitors import new_visitor_token, visitor_key

OPPOSITE = {Engagement.UPVOTE: Engagement.DOWNVOTE, Engagement.DOWNVOTE: Engagement.UPVOTE}
VOTES: Mapping[Engagement, Literal["up", "down"]] = {
    Engagement.UPVOTE: "up",
    Engagement.DOWNVOTE: "down",
}
ONCE_A_DAY = {Engagement.VIEW, Engagement.SHARE}

_entries, _events = FeedEntry.__table__, EngagementEvent.__table__
_COUNTERS = tuple(CountsRead.model_fields)
_TODAY = sa.cast(sa.func.timezone("UTC", sa.func.now()), sa.Date)

Changes = dict[Engagement, int]


@dataclass(frozen=True)
class Deed:
    """What an actor does with a target."""

    actor_key: UUID
    target_type: Target
    target_id: UUID
    kind: Engagement

    def of(self, kind: Engagement | None = None) -> dict[str, Any]:
        return {
            "actor_key": self.actor_key,
            "target_type": self.target_type,
            "target_id": self.target_id,
            "kind": kind or self.kind,
        }


def engage(session: Session, *, caller_id: UUID | None, data: EngagementCreate) -> EngagementRead:
    if caller_id is None and data.kind is not Engagement.VIEW:
        raise Unauthenticated
    owner_id = _lock(session, data.target_id)
    is_own = owner_id == caller_id
    if is_own and data.kind not in ONCE_A_DAY:
        raise OwnPersona
    actor_key = caller_id or (visitor_key(data.visitor_token) if data.visitor_token else None)
    if actor_key is None:
        return _read(session, data.target_id, None, visitor_token=new_visitor_token())
    deed = Deed(actor_key, data.target_type, data.target_id, data.kind)
    if not (is_own and data.kind is Engagement.VIEW):
        _count(session, deed, _changes(session, deed))
    token = data.visitor_token if caller_id is None else None
    return _read(session, data.target_id, deed, visitor_token=token)


def _lock(session: Session, persona_id: UUID) -> UUID:
    """Return the owner of a listed persona: nothing else can be engaged with."""
    wanted = sa.select(_entries.c.owner_id).where(
        _entries.c.persona_id == persona_id, _entries.c.tag == EVERYTHING
    )
    owner_id: UUID | None = session.scalar(wanted.with_for_update(key_share=True))
    if owner_id is None:
        raise PersonaNotFound
    return owner_id


def _changes(session: Session, deed: Deed) -> Changes:
    if deed.kind in ONCE_A_DAY:
        return {deed.kind: _add(session, deed, day=_TODAY)}
    if _remove(session, deed, deed.kind):
        return {deed.kind: -1}
    changes: Changes = {}
    if (opposite := OPPOSITE.get(deed.kind)) and _remove(session, deed, opposite):
        changes[opposite] = -1
    return changes | {deed.kind: _add(session, deed, day=None)}


def _add(session: Session, deed: Deed, *, day: sa.ColumnElement[Any] | None) -> int:
    """Return how many events this adds: none if it is there already."""
    added = insert(EngagementEvent).values({**deed.of(), "day": day}).on_conflict_do_nothing()
    return len(session.execute(added.returning(_events.c.id)).all())


def _remove(session: Session, deed: Deed, kind: Engagement) -> int:
    here = [_events.c[name] == value for name, value in deed.of(kind).items()]
    removed = sa.delete(EngagementEvent).where(*here, _events.c.day.is_(None))
    return len(session.execute(removed.returning(_events.c.id)).all())


def _count(session: Session, deed: Deed, changes: Changes) -> None:
    moved = {f"{kind}s": by for kind, by in changes.items() if by}
    if moved:
        session.execute(
            sa.update(FeedEntry)
            .where(_entries.c.persona_id == deed.target_id)
            .values({name: _entries.c[name] + by for name, by in moved.items()})
        )


def _read(
    session: Session, persona_id: UUID, deed: Deed | None, *, visitor_token: str | None
) -> EngagementRead:
    columns = (_entries.c.score, *(_entries.c[name] for name in _COUNTERS))
    row = session.execute(
        sa.select(*columns).where(_entries.c.persona_id == persona_id, _entries.c.tag == EVERYTHING)
    ).one()
    done = _done(session, deed) if deed else set()
    return EngagementRead(
        counts=CountsRead(**{name: getattr(row, name) for name in _COUNTERS}),
        score=row.score,
        mine=MineRead(
            vote=next((word for kind, word in VOTES.items() if kind in done), None),
            liked=Engagement.LIKE in done,
            viewed=Engagement.VIEW in done,
            shared=Engagement.SHARE in done,
        ),
        visitor_token=visitor_token,
    )


def _done(session: Session, deed: Deed) -> set[Engagement]:
    return set(
        session.scalars(
            sa.select(_events.c.kind).where(
                _events.c.actor_key == deed.actor_key,
                _events.c.target_type == deed.target_type,
                _events.c.target_id == deed.target_id,
                sa.or_(_events.c.day.is_(None), _events.c.day == _TODAY),
            )
        )
    )
