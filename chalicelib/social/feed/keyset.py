"""Pages by the key of their first row: what was skipped is never read."""

from typing import Any

import sqlalchemy as sa

from chalicelib.social.feed.cursors import Position


def placed(
    wanted: sa.Select[Any],
    column: sa.ColumnElement[Any],
    identity: sa.ColumnElement[Any],
    start: Position | None,
) -> sa.Select[Any]:
    """Order by the column, the highest first, from the position on; backwards from it, the other
    way round."""
    if start is None:
        return wanted.order_by(column.desc(), identity.desc())
    place = sa.tuple_(sa.literal(start.value, column.type), sa.literal(start.id, identity.type))
    here = sa.tuple_(column, identity)
    if start.is_forward:
        return wanted.where(here < place).order_by(column.desc(), identity.desc())
    return wanted.where(here > place).order_by(column.asc(), identity.asc())
