"""What each page of the lists touches, as EXPLAIN (ANALYZE, BUFFERS) counts it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler

from bench.crowd import COMMON, MIDDLE, SCARCE
from chalicelib.core.models import FeedEntry
from chalicelib.core.models.social import EVERYTHING
from chalicelib.social.feed.cursors import Position
from chalicelib.social.feed.schemas import FeedQuery, Sort, TrendsQuery
from chalicelib.social.feed.services import ORDERS, page_of
from chalicelib.social.feed.trends import trends_of

Statement = sa.Select[Any] | sa.CompoundSelect[Any]
_entries = FeedEntry.__table__


class Explained(sa.Executable, sa.ClauseElement):
    inherit_cache = False

    def __init__(self, statement: Statement, form: str = "JSON") -> None:
        self.statement, self.form = statement, form


@compiles(Explained)
def _explain(element: Explained, compiler: SQLCompiler, **options: Any) -> str:
    inner = compiler.process(element.statement, **options)
    return f"EXPLAIN (ANALYZE, BUFFERS, FORMAT {element.form}) {inner}"


class Touched(NamedTuple):
    rows: int
    buffers: int
    milliseconds: float


def touched(session: Session, statement: Statement) -> Touched:
    (found,) = session.execute(Explained(statement)).scalar_one()
    plan = found["Plan"]
    buffers = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return Touched(plan["Actual Rows"], int(buffers), found["Execution Time"])


def plan_of(session: Session, statement: Statement) -> str:
    return "\n".join(session.scalars(Explained(statement, "TEXT")))


def lists(session: Session, *, deep: int) -> Iterator[tuple[str, sa.Select[Any]]]:
    """Each list's first page, one far behind it, and one backwards from there."""
    for tag in (None, "explorer", "crowd-7"):
        for sort in Sort:
            query = FeedQuery(sort=sort, tag=tag, limit=25)
            place = deep if tag is None else deep // 10 if tag == "explorer" else deep // 1000
            name = f"{sort}, {tag or 'everything'}"
            yield f"{name}: first page", page_of(query, None)
            for direction in (True, False):
                start = _start(session, query, place, is_forward=direction)
                way = "after" if direction else "back from"
                yield f"{name}: {way} {place:,} rows", page_of(query, start)


def searches() -> Iterator[tuple[str, sa.Select[Any]]]:
    words = (COMMON, MIDDLE, SCARCE, "zyzzyva", f"{COMMON} {MIDDLE}", f"{MIDDLE} {SCARCE}", "-the")
    for q in (*words, "abc", "a3f"):
        query = FeedQuery.model_construct(q=q, limit=20, sort=None, tag=None, cursor=None)
        yield f"search: {q}", page_of(query, None)


def trends() -> Iterator[tuple[str, sa.CompoundSelect[Any]]]:
    for window in ("1d", "7d", "30d"):
        yield f"trends: {window}", trends_of(TrendsQuery.model_validate({"window": window}))


def _start(session: Session, query: FeedQuery, place: int, *, is_forward: bool) -> Position:
    column = ORDERS[query.sort or Sort.HOT].column
    row = session.execute(
        sa.select(column.label("value"), _entries.c.persona_id)
        .where(_entries.c.tag == (query.tag or EVERYTHING))
        .order_by(column.desc(), _entries.c.persona_id.desc())
        .offset(place)
        .limit(1)
    ).one()
    return Position(row.value, row.persona_id, is_forward)
