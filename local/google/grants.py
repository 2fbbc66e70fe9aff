"""What was granted and not yet used: codes for a minute and once, access tokens for an hour."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

from local.google.accounts import Account
from local.google.authorization import Authorization

CODE_SECONDS = 60
TOKEN_SECONDS = 3600

Clock = Callable[[], float]
Value = TypeVar("Value")


@dataclass(frozen=True)
class Grant:
    """Who allowed what to which application."""

    account: Account
    authorization: Authorization


class _Expiring(Generic[Value]):
    """Values under unguessable names, each forgotten after a fixed time."""

    def __init__(self, prefix: str, *, seconds: int, clock: Clock) -> None:
        self._prefix = prefix
        self._seconds = seconds
        self._clock = clock
        self._lock = Lock()
        self._values: dict[str, tuple[float, Value]] = {}

    def issue(self, value: Value) -> str:
        name = self._prefix + secrets.token_urlsafe(32)
        with self._lock:
            self._forget_expired()
            self._values[name] = (self._clock() + self._seconds, value)
        return name

    def find(self, name: str) -> Value:
        """Raise `KeyError` for a name that was never issued, was spent, or is too old."""
        with self._lock:
            self._forget_expired()
            return self._values[name][1]

    def spend(self, name: str) -> Value:
        """Do as `find` does, and forget the name: of two callers one gets the value."""
        with self._lock:
            self._forget_expired()
            return self._values.pop(name)[1]

    def _forget_expired(self) -> None:
        now = self._clock()
        self._values = {name: kept for name, kept in self._values.items() if kept[0] > now}


class Grants:
    def __init__(self, clock: Clock) -> None:
        self.codes: _Expiring[Grant] = _Expiring("4/0", seconds=CODE_SECONDS, clock=clock)
        self.access_tokens: _Expiring[Grant] = _Expiring(
            "ya29.", seconds=TOKEN_SECONDS, clock=clock
        )
