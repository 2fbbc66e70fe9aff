"""What is worth keeping for a moment: models, sealed, under versioned keys.

The cache is optional, and never believed blindly: what is not there, cannot be had, or cannot be
opened and read is made anew.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from chalicelib.core import sealing
from chalicelib.core.ports import Cache

log = logging.getLogger(__name__)

BUDGET_SECONDS = 0.2
"""How long one request may wait for the cache, all in all."""

Kept = TypeVar("Kept", bound=BaseModel)


class NoCache:
    """Where there is no cache, nothing is kept, and nothing needs to be forgotten."""

    def get(self, key: str) -> bytes | None:  # noqa: ARG002
        return None

    def put(self, key: str, content: bytes, *, seconds: int) -> bool:  # noqa: ARG002
        return False

    def forget(self, *keys: str) -> bool:  # noqa: ARG002
        return True

    def hold(self, *keys: str, mark: bytes, seconds: int) -> bool:  # noqa: ARG002
        return False

    def claim(self, key: str, mark: bytes, *, seconds: int) -> bytes | None:  # noqa: ARG002
        return None

    def exchange(self, key: str, mark: bytes, content: bytes, *, seconds: int) -> bool:  # noqa: ARG002
        return False


class Allowance:
    """What is left of the time that a request may wait for the cache."""

    def __init__(self) -> None:
        self.seconds = BUDGET_SECONDS


_allowance: ContextVar[Allowance | None] = ContextVar("allowance", default=None)


@contextmanager
def allowance() -> Iterator[None]:
    """Give what happens inside, a request say, one budget for all that it asks of the cache."""
    token = _allowance.set(Allowance())
    try:
        yield
    finally:
        _allowance.reset(token)


@contextmanager
def spending() -> Iterator[float]:
    """Say how long one call may take. Outside a request each has the whole budget."""
    mine = _allowance.get() or Allowance()
    started = time.monotonic()
    try:
        yield mine.seconds
    finally:
        mine.seconds -= time.monotonic() - started


def key_of(name: str, version: int, *parts: object) -> str:
    """Name a thing. A shape that changes needs a new version, so that code of two days can run at
    once; a thing that changes needs its own version among the parts, or somebody who forgets it."""
    return ":".join(map(str, (name, version, *parts)))


def recall(cache: Cache, key: str, shape: type[Kept]) -> Kept | None:
    sealed = cache.get(key)
    return None if sealed is None else opened(cache, key, sealed, shape)


def keep(cache: Cache, key: str, thing: BaseModel, *, seconds: int) -> None:
    cache.put(key, sealed_for(key, thing), seconds=seconds)


def sealed_for(key: str, thing: BaseModel) -> bytes:
    return sealing.seal(thing.model_dump_json().encode(), scope=_scope(key))


def opened(cache: Cache, key: str, sealed: bytes, shape: type[Kept]) -> Kept | None:
    """Return what was sealed for this key. Anything else is rubbish, and swept away."""
    try:
        return shape.model_validate_json(sealing.unseal(sealed, scope=_scope(key)))
    except (sealing.Unreadable, ValidationError):
        log.warning("rubbish in the cache", extra={"kind": key.partition(":")[0]})
        cache.forget(key)
        return None


def _scope(key: str) -> bytes:
    return f"cache {key}".encode()
