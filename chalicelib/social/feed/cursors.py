"""Where a page begins: the last row that was seen, and which way to go. A cursor belongs to the
list that gave it."""

import json
import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from chalicelib.core.errors import Invalid

MAX_LENGTH = 400
MAX_INTEGER = 2**53

Value = float | int | datetime


class InvalidCursor(Invalid):
    message = "This cursor is none of this list's. Leave it out to begin anew."


@dataclass(frozen=True)
class Position:
    """A row's place in its list. `is_forward` says whether what follows is wanted, or what comes
    before."""

    value: Value
    id: UUID
    is_forward: bool


def encode(position: Position, *, listing: str) -> str:
    value = position.value
    stored = value.isoformat() if isinstance(value, datetime) else value
    content = json.dumps([listing, position.is_forward, stored, position.id.hex])
    return urlsafe_b64encode(content.encode()).rstrip(b"=").decode()


def decode(cursor: str, *, listing: str, kind: type[Value]) -> Position:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        found, is_forward, stored, identity = json.loads(urlsafe_b64decode(padded))
        if found != listing or not isinstance(is_forward, bool):
            raise InvalidCursor
        return Position(_VALUES[kind](stored), UUID(hex=identity), is_forward)
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise InvalidCursor from error


def _float(stored: Any) -> float:
    if type(stored) is not float or not math.isfinite(stored):
        raise InvalidCursor
    return stored


def _integer(stored: Any) -> int:
    if type(stored) is not int or abs(stored) > MAX_INTEGER:
        raise InvalidCursor
    return stored


def _moment(stored: Any) -> datetime:
    moment = datetime.fromisoformat(stored)
    if moment.tzinfo is None:
        raise InvalidCursor
    return moment.astimezone(UTC)


_VALUES: Mapping[type, Callable[[Any], Value]] = {
    float: _float,
    int: _integer,
    datetime: _moment,
}
