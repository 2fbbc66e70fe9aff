"""Which tags people vote for, like and share. Counted from events, and from nothing else.

Only what is listed now counts. The newest events are counted up to a cap, and the answer says
whether that was all of them.
"""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.cache import keep, key_of, recall
from chalicelib.core.models import Engagement, EngagementEvent, FeedEntry
from chalicelib.core.models.social import EVERYTHING
from chalicelib.core.ports import Cache
from chalicelib.social.feed.schemas import TrendRead, TrendsQuery, TrendsRead

KINDS = (Engagement.UPVOTE, Engagement.LIKE, Engagement.SHARE)
WINDOWS = {"1d": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}
FORM = 1
KEPT_SECONDS = 60
MOST_EVENTS = 10_000
MOST_TAGS = 20

_entries, _events = FeedEntry.__table__, EngagementEvent.__table__


def list_trends(session: Session, cache: Cache, *, query: TrendsQuery) -> TrendsRead:
    """Return what was counted within the last minute, or count anew."""
    key = key_of("trends", FORM, query.window)
    known = recall(cache, key, TrendsRead)
    if known is None:
        known = count_trends(session, query=query)
        keep(cache, key, known, seconds=KEPT_SECONDS)
    return known


def count_trends(session: Session, *, query: TrendsQuery) -> TrendsRead:
    found = session.execute(trends_of(query)).all()
    (about,) = (row for row in found if row.tag is None)
    rows = (row for row in found if row.tag is not None)
    complete = about.events < MOST_EVENTS
    return TrendsRead(
        window=query.window,
        since=about.since if complete else max(about.since, about.oldest),
        events=about.n,
        complete=complete,
        tags=[
            TrendRead(
                tag=row.tag,
                count=row.n,
                change=row.n - row.before if complete else None,
                n=row.personas,
            )
            for row in sorted(rows, key=lambda row: (-row.n, row.tag))
        ],
    )


def trends_of(query: TrendsQuery) -> sa.CompoundSelect[Any]:
    """Return the statement: one row about the events, whose tag is null, then one for each tag."""
    since = sa.func.now() - WINDOWS[query.window]
    newest = (
        sa.select(_events.c.target_id, _events.c.created_at)
        .where(_events.c.kind.in_(KINDS), _events.c.created_at >= since - WINDOWS[query.window])
        .order_by(_events.c.created_at.desc())
        .limit(MOST_EVENTS)
        .cte("newest")
    )
    is_now = newest.c.created_at >= since
    by_persona = (
        sa.select(
            newest.c.target_id,
            sa.func.count().filter(is_now).label("n"),
            sa.func.count().filter(~is_now).label("before"),
        )
        .group_by(newest.c.target_id)
        .cte("by_persona")
    )
    about = sa.select(
        sa.cast(sa.null(), sa.Text).label("tag"),
        sa.func.count().filter(is_now).label("n"),
        sa.func.count().filter(~is_now).label("before"),
        sa.cast(sa.null(), sa.BigInteger).label("personas"),
        sa.func.count().label("events"),
        sa.func.min(newest.c.created_at).label("oldest"),
        since.label("since"),
    )
    return sa.union_all(about, sa.select(_tags(by_persona).subquery("tags")))


def _tags(by_persona: sa.CTE) -> sa.Select[Any]:
    count = sa.func.sum(by_persona.c.n)
    moment = sa.DateTime(timezone=True)
    nothing = [
        sa.cast(sa.null(), kind).label(name)
        for name, kind in (("events", sa.BigInteger()), ("oldest", moment), ("since", moment))
    ]
    return (
        sa.select(
            _entries.c.tag,
            sa.cast(count, sa.BigInteger).label("n"),
            sa.cast(sa.func.sum(by_persona.c.before), sa.BigInteger).label("before"),
            sa.func.count().filter(by_persona.c.n > 0).label("personas"),
            *nothing,
        )
        .join(by_persona, by_persona.c.target_id == _entries.c.persona_id)
        .where(_entries.c.tag != EVERYTHING)
        .group_by(_entries.c.tag)
        .having(count > 0)
        .order_by(count.desc(), _entries.c.tag)
        .limit(MOST_TAGS)
    )
