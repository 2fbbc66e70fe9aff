"""Public personas in their orders: a page is one range of one index, and shows what its rows hold.

It is read from the primary, where a persona that was taken back is gone at once; see decision 0045.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import FeedEntry
from chalicelib.core.models.social import EVERYTHING
from chalicelib.core.ports import Objects
from chalicelib.personas.schemas import ImageRead
from chalicelib.social.feed import cursors, search
from chalicelib.social.feed.cursors import Position, Value
from chalicelib.social.feed.keyset import placed
from chalicelib.social.feed.schemas import CountsRead, FeedItem, FeedPage, FeedQuery, Sort

entries = FeedEntry.__table__
COUNTERS = tuple(CountsRead.model_fields)
SHOWN = (
    *(entries.c.persona_id, entries.c.name, entries.c.card, entries.c.listed_at),
    *(entries.c.score, *(entries.c[name] for name in COUNTERS)),
)


@dataclass(frozen=True)
class Order:
    column: sa.ColumnElement[Any]
    kind: type[Value]


ORDERS: Mapping[Sort, Order] = {
    Sort.HOT: Order(entries.c.hot, float),
    Sort.TOP: Order(entries.c.score, int),
    Sort.NEW: Order(entries.c.listed_at, datetime),
}


def list_feed(session: Session, objects: Objects, *, query: FeedQuery) -> FeedPage:
    listing, kind = _listing(query)
    cursor = query.cursor
    start = None if cursor is None else cursors.decode(cursor, listing=listing, kind=kind)
    rows = session.execute(page_of(query, start)).all()
    return _page(rows, objects, listing=listing, start=start, limit=query.limit)


def page_of(query: FeedQuery, start: Position | None) -> sa.Select[Any]:
    """Return the statement of a page: one row more than it shows says whether there is another."""
    if query.q is not None:
        return search.ranked(query.q, start, limit=query.limit + 1)
    column = ORDERS[query.sort or Sort.HOT].column
    wanted = sa.select(*SHOWN, column.label("place")).where(
        entries.c.tag == (query.tag or EVERYTHING)
    )
    return placed(wanted, column, entries.c.persona_id, start).limit(query.limit + 1)


def counts_of(row: sa.Row[Any]) -> CountsRead:
    return CountsRead(**{name: getattr(row, name) for name in COUNTERS})


def _listing(query: FeedQuery) -> tuple[str, type[Value]]:
    if query.q is not None:
        return f"q:{query.q}", int
    sort = query.sort or Sort.HOT
    return f"{sort}:{query.tag or EVERYTHING}", ORDERS[sort].kind


def _page(
    rows: Sequence[sa.Row[Any]],
    objects: Objects,
    *,
    listing: str,
    start: Position | None,
    limit: int,
) -> FeedPage:
    is_forward = start is None or start.is_forward
    shown = rows[:limit] if is_forward else rows[:limit][::-1]
    has_more = len(rows) > limit
    has_next = has_more if is_forward else start is not None
    has_previous = start is not None if is_forward else has_more

    def edge(index: int, *, forward: bool) -> str | None:
        if shown:
            position = Position(shown[index].place, shown[index].persona_id, forward)
        elif start is not None:
            position = Position(start.value, start.id, forward)
        else:
            return None
        return cursors.encode(position, listing=listing)

    return FeedPage(
        items=[_item(row, objects) for row in shown],
        next_cursor=edge(-1, forward=True) if has_next else None,
        previous_cursor=edge(0, forward=False) if has_previous else None,
    )


def _item(row: sa.Row[Any], objects: Objects) -> FeedItem:
    card = dict(row.card)
    return FeedItem(
        id=row.persona_id,
        name=row.name,
        ai_generated=True,
        image=_image(card.pop("image"), objects),
        listed_at=row.listed_at,
        score=row.score,
        counts=counts_of(row),
        **card,
    )


def _image(stored: dict[str, Any] | None, objects: Objects) -> ImageRead | None:
    if stored is None:
        return None
    signed = objects.sign(stored["key"])
    return ImageRead(**stored, url=signed.url, expires_at=signed.expires_at)
