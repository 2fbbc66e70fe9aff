"""`Prefer: wait=n` (RFC 7240, 4.3): hold an answer back until what it is about has settled.

No connection is held meanwhile. What was committed stays so: if looking fails, the answer is the
one that was there at first.
"""

import re
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from chalicelib.core import db
from chalicelib.core.errors import DomainError

LONGEST_SECONDS = 20
"""The API's function has 25 seconds, and the gateway gives up after 29."""

LOOK_SECONDS = 0.2
LOOK_PATIENCE_SECONDS = 3
"""How long the database may be silent at one look: the last begins as late as the wait ends."""

_WAIT = re.compile(r'(?:^|,)\s*wait\s*=\s*("?)([0-9]{1,9})\1\s*(?=[,;]|$)', re.IGNORECASE)

Settled = TypeVar("Settled")


def preferred_seconds(headers: Mapping[str, str]) -> int:
    """Return how long the client would wait; what cannot be read is no preference."""
    found = _WAIT.search(headers.get("prefer", ""))
    return min(int(found[2]), LONGEST_SECONDS) if found else 0


def settled_by(deadline: float, look: Callable[[], Settled | None]) -> Settled | None:
    """Look again and again until there is something, or the time is over."""
    try:
        with db.patience(LOOK_PATIENCE_SECONDS):
            while (found := look()) is None and time.monotonic() + LOOK_SECONDS <= deadline:
                time.sleep(LOOK_SECONDS)
    except DomainError:
        return None
    return found
