"""Text search: words of the whole card, and pieces of names. What is ranked is a capped set.

The newest are looked through first, which is where a common word is found soon. Only when they hold
too little of it are the indexes asked, and of what they find no more than the cap is read.
"""

from typing import Any

import sqlalchemy as sa

from chalicelib.core.models import FeedEntry
from chalicelib.core.models.social import EVERYTHING
from chalicelib.social.feed.cursors import Position
from chalicelib.social.feed.keyset import placed

NEWEST = 300
ENOUGH = 60
CAP = 200
RANKS = 1_000_000
"""Ranks become integers, so that a cursor can name one exactly."""

_entries = FeedEntry.__table__


def ranked(q: str, start: Position | None, *, limit: int) -> sa.Select[Any]:
    found = _candidates(q)
    rank = sa.cast(
        RANKS
        * (
            sa.func.ts_rank(found.c.words, _asked(q))
            + sa.func.word_similarity(sa.literal(q, sa.Text), found.c.name)
        ),
        sa.BigInteger,
    )
    once = (
        sa.select(found, rank.label("place"))
        .distinct(found.c.persona_id)
        .order_by(found.c.persona_id)
    ).subquery("once")
    return placed(sa.select(once), once.c.place, once.c.persona_id, start).limit(limit)


def _candidates(q: str) -> sa.Subquery:
    everything = sa.select(_entries).where(_entries.c.tag == EVERYTHING)
    recent = everything.order_by(_entries.c.listed_at.desc(), _entries.c.persona_id.desc())
    looked = recent.limit(NEWEST).cte("looked").prefix_with("MATERIALIZED")
    newest = (
        sa.select(looked)
        .where(sa.or_(looked.c.words.op("@@")(_asked(q)), looked.c.name.ilike(_piece(q))))
        .cte("newest")
        .prefix_with("MATERIALIZED")
    )
    are_few = sa.select(sa.func.count()).select_from(newest).scalar_subquery() < ENOUGH
    # Materialised: planned as if all of it were read, which the limit outside then does not do.
    matching, named = (
        everything.where(condition).cte(name).prefix_with("MATERIALIZED")
        for name, condition in (
            ("matching", _entries.c.words.op("@@")(_asked(q))),
            ("named", _entries.c.name.ilike(_piece(q))),
        )
    )
    parts = [sa.select(each).where(are_few).limit(CAP) for each in (matching, named)]
    return sa.union_all(
        sa.select(newest), *(sa.select(part.subquery()) for part in parts)
    ).subquery("found")


def _asked(q: str) -> sa.ColumnElement[Any]:
    return sa.func.websearch_to_tsquery(sa.literal_column("'english'"), sa.literal(q, sa.Text))


def _piece(q: str) -> str:
    escaped = q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
