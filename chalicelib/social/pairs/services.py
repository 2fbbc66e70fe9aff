"""The chemistry of two personas that the caller may see. No model is asked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.cache import keep, key_of, recall
from chalicelib.core.errors import Invalid
from chalicelib.core.models import Persona, User, Visibility
from chalicelib.core.ports import Cache
from chalicelib.personas.exceptions import PersonaNotFound
from chalicelib.personas.showing import IS_SHOWN
from chalicelib.social.chemistry import MODEL, compare, profile_of
from chalicelib.social.pairs import words
from chalicelib.social.pairs.exceptions import NotReady
from chalicelib.social.pairs.schemas import (
    BasisRead,
    ChemistryQuery,
    ChemistryRead,
    ContributionRead,
    PairBasisRead,
    ScoreRead,
)

FORM = 1
"""Raise it when the words or the shape of an answer change."""
KEPT_SECONDS = 24 * 3600

_personas, _users = Persona.__table__, User.__table__
_SIDE = sa.select(_personas.c.id, _personas.c.name, _personas.c.traits)
_TWO = _SIDE.where(
    _personas.c.id.in_([sa.bindparam("a"), sa.bindparam("b")]),
    sa.or_(
        IS_SHOWN,
        sa.and_(
            _personas.c.owner_id == sa.bindparam("caller_id"), _personas.c.deleted_at.is_(None)
        ),
    ),
)
_OURS = (
    _SIDE.add_columns(_users.c.id.label("user_id"))
    .join(_users, _users.c.primary_persona_id == _personas.c.id)
    .where(
        sa.or_(
            _users.c.id == sa.bindparam("caller_id"),
            sa.and_(
                _users.c.id == sa.bindparam("target_id"),
                IS_SHOWN,
                _personas.c.visibility == Visibility.PUBLIC,
            ),
        ),
        _personas.c.deleted_at.is_(None),
    )
)


@dataclass(frozen=True)
class Side:
    """One of the two: the name is fresh, the traits are as they are stored."""

    name: str
    traits: Mapping[str, Any]

    @property
    def fingerprint(self) -> str:
        """Tell profiles apart by all that a score is made from."""
        levels = profile_of(self.traits)
        content = json.dumps([(each.estimate, each.se) for each in levels.values()])
        return sha256(content.encode()).hexdigest()[:32]

    @property
    def basis(self) -> BasisRead:
        return BasisRead(source=self.traits["source"], n=self.traits.get("n"))


@dataclass(frozen=True)
class Pair:
    a: Side
    b: Side


def get_pair(session: Session, *, caller_id: UUID, query: ChemistryQuery) -> Pair:
    """Return the two, in the order in which they were named; with a user, one's own comes first.
    What the caller may not see is not found."""
    if query.target_user_id is not None:
        found = _ours(session, caller_id, query.target_user_id)
        wanted = [caller_id, query.target_user_id]
    else:
        named = {"a": query.a, "b": query.b, "caller_id": caller_id}
        found = {row.id: row for row in session.execute(_TWO, named).all()}
        wanted = [each for each in (query.a, query.b) if each is not None]
    a, b = map(found.get, wanted)
    if b is None or (a is None and query.target_user_id is None):
        raise PersonaNotFound
    if a is None or not a.traits or not b.traits:
        raise NotReady
    return Pair(Side(a.name, a.traits), Side(b.name, b.traits))


def read_chemistry(cache: Cache, pair: Pair) -> ChemistryRead:
    basis = PairBasisRead(a=pair.a.basis, b=pair.b.basis)
    return ChemistryRead(**recalled_score(cache, pair).model_dump(), basis=basis)


def recalled_score(cache: Cache, pair: Pair) -> ScoreRead:
    """Return what is kept under the two profiles themselves: it cannot be another pair's, nor be
    older than they are. Who may see them was asked before."""
    profiles = sorted((pair.a.fingerprint, pair.b.fingerprint))
    key = key_of("chemistry", FORM, MODEL.version, *profiles)
    score = recall(cache, key, ScoreRead)
    if score is None:
        score = score_of(pair)
        keep(cache, key, score, seconds=KEPT_SECONDS)
    return score


def draw(cache: Cache, pair: Pair) -> str:
    from chalicelib.social.pairs import picture  # noqa: PLC0415 - it measures letters: Pillow

    a, b = ((side.name, side.traits) for side in (pair.a, pair.b))
    return picture.draw(a, b, recalled_score(cache, pair))


def score_of(pair: Pair) -> ScoreRead:
    one, other = profile_of(pair.a.traits), profile_of(pair.b.traits)
    told = compare(one, other).told()
    return ScoreRead(
        score=told.score,
        percentile=round(told.percentile, 1),
        margin=told.margin,
        label=told.label,
        summary=words.summary(told, one, other),
        contributions=[
            ContributionRead(
                trait=trait,
                points=told.points[trait],
                direction=_direction(told.points[trait]),
                why=words.why(trait, one, other),
            )
            for trait in told.strongest
        ],
        version=MODEL.version,
        clipped=told.is_clipped,
        caveat=words.CAVEAT,
    )


def _ours(session: Session, caller_id: UUID, target_id: UUID) -> dict[UUID, Any]:
    if target_id == caller_id:
        message = "must be somebody else"
        detail = {"loc": ["query", "target_user_id"], "msg": message, "type": "value_error"}
        raise Invalid(details=[detail])
    rows = session.execute(_OURS, {"caller_id": caller_id, "target_id": target_id})
    return {row.user_id: row for row in rows.all()}


def _direction(points: float) -> Literal["up", "down", "even"]:
    if points == 0:
        return "even"
    return "up" if points > 0 else "down"
