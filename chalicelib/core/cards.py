"""The cards that anybody may see, in the cache: remembered for a moment, and withdrawn at once.

Whoever finds nothing claims the place with a mark, reads, and exchanges the mark for what was read.
Whoever changes what is there puts a mark of their own into the place, before they commit: the mark
of a reader who has read before is gone then, and with it the chance to leave what is out of date.
"""

import time
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID, uuid4

from pydantic import BaseModel
from sqlalchemy.orm import Session

from chalicelib.core.cache import key_of, opened, sealed_for
from chalicelib.core.db import after_commit
from chalicelib.core.errors import NotFound
from chalicelib.core.ports import Cache

CARD_SECONDS = 10
"""How long a card may be remembered. A request that withdraws one, and cannot reach the cache,
waits for as long: so it has to be short."""
CLAIM_SECONDS = 2
HOLD_SECONDS = 30
"""Longer than a transaction lives: PostgreSQL ends a statement after 5 s, an idle one after 10."""
PAUSES = (0.005, 0.01, 0.02)
"""How long to wait for somebody who is reading the same thing already."""

_CLAIM, _HELD = b"claim ", b"held"

Card = TypeVar("Card", bound=BaseModel)


def card_key(persona_id: UUID) -> str:
    return key_of("card", 1, persona_id)


def profile_key(user_id: UUID) -> str:
    return key_of("profile", 1, user_id)


def remember(cache: Cache, key: str, shape: type[Card], read: Callable[[], Card]) -> Card:
    """Return what is remembered, or else what `read` returns, which then is remembered."""
    mark = _CLAIM + uuid4().bytes
    found = cache.claim(key, mark, seconds=CLAIM_SECONDS)
    if found is not None and found != mark:
        found = _awaited(cache, key, found)
        card = None if _is_mark(found) else opened(cache, key, found, shape)
        return card or read()
    try:
        card = read()
    except NotFound:
        # Nobody needs to wait for what is not there.
        cache.exchange(key, mark, _HELD, seconds=CLAIM_SECONDS)
        raise
    if found is not None:
        cache.exchange(key, mark, sealed_for(key, card), seconds=CARD_SECONDS)
    return card


def refresh(session: Session, cache: Cache, *keys: str) -> None:
    """Show others what this transaction changes, once it is committed. Where the cache cannot be
    reached they may see what was there for `CARD_SECONDS` more."""
    cache.hold(*keys, mark=_HELD, seconds=HOLD_SECONDS)
    after_commit(session, lambda: _forget(cache, keys))


def withdraw(session: Session, cache: Cache, *keys: str) -> None:
    """End what others see with this transaction: nobody is answered before it has ended.

    Where the cache cannot be reached, others may reach it still; so the answer waits until what
    they could find there has expired.
    """
    is_held = cache.hold(*keys, mark=_HELD, seconds=HOLD_SECONDS)
    after_commit(session, lambda: _end(cache, keys, is_held=is_held))


def _forget(cache: Cache, keys: tuple[str, ...]) -> None:
    cache.forget(*keys)


def _end(cache: Cache, keys: tuple[str, ...], *, is_held: bool) -> None:
    if not cache.forget(*keys) and not is_held:
        time.sleep(CARD_SECONDS + CLAIM_SECONDS)


def _awaited(cache: Cache, key: str, found: bytes) -> bytes:
    """Return what somebody else is about to leave, if they soon do."""
    for pause in PAUSES:
        if not found.startswith(_CLAIM):
            break
        time.sleep(pause)
        found = cache.get(key) or _HELD
    return found


def _is_mark(found: bytes) -> bool:
    return found == _HELD or found.startswith(_CLAIM)
