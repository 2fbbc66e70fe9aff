"""What a view may say: the body of an answer, what goes with it, and what is still to come."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar, get_args

from sqlalchemy.orm import Session

from chalicelib.core.idempotency import REPLAYED

Body = TypeVar("Body")

JSON = "application/json"


@dataclass(frozen=True)
class MediaType:
    """Marks a text that goes out as it is, and not as JSON."""

    name: str


Svg = Annotated[str, MediaType("image/svg+xml")]
INERT = {"Content-Security-Policy": "default-src 'none'; sandbox"}
"""Whoever opens a drawing of ours as a page runs nothing and fetches nothing."""


@dataclass(frozen=True)
class Reply(Generic[Body]):
    """An answer that says more than its body."""

    body: Body
    status: int | None = None
    location: str | None = None
    etag: str | None = None
    retry_after: int | None = None
    """Seconds after which it is worth asking again."""
    is_replay: bool = False
    """Whether this was done before, and is only told again."""
    max_age: int | None = None
    """Seconds for which anybody may keep the answer: it is the same for all."""
    is_shared: bool = False
    """Anybody may keep the answer, and has to ask each time whether it still holds."""


@dataclass(frozen=True)
class Pending(Reply[Body]):
    """An answer about something that may be under way. `settled` looks again, outside any
    transaction: it returns the last word, or None while there is none."""

    settled: Callable[[], Reply[Body] | None] | None = None


@dataclass(frozen=True)
class Staged(Generic[Body]):
    """What takes long is done, outside any transaction. `carry_out` makes the effects in the one
    transaction, and says the answer."""

    carry_out: Callable[[Session], Reply[Body]]


def media_type_of(answers: Any) -> str:
    """Return what a view's hint says of its answers: JSON, unless it is marked otherwise."""
    marks = (mark for mark in get_args(answers)[1:] if isinstance(mark, MediaType))
    return next((mark.name for mark in marks), JSON)


def matches(etag: str, header: str) -> bool:
    """Compare weakly (RFC 9110, 8.8.3.2 and 13.1.2)."""
    listed = {each.strip().removeprefix("W/") for each in header.split(",")}
    return "*" in listed or etag.removeprefix("W/") in listed


def headers_of(reply: Reply[Any]) -> dict[str, str | list[str]]:
    stated = {
        "Location": reply.location,
        "ETag": reply.etag,
        "Retry-After": None if reply.retry_after is None else str(reply.retry_after),
        REPLAYED: "true" if reply.is_replay else None,
    }
    return {
        "Cache-Control": _caching(reply),
        **{name: value for name, value in stated.items() if value is not None},
    }


def _caching(reply: Reply[Any]) -> str:
    if reply.max_age is not None:
        return f"public, max-age={reply.max_age}"
    if reply.is_shared:
        return "public, no-cache"
    return "private, no-cache" if reply.etag else "no-store"
