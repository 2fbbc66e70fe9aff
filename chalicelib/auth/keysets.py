"""The published keys of one provider, kept so that neither it nor an attacker sets our pace."""

import logging
from collections.abc import Callable, Iterator, Mapping
from threading import Lock
from typing import Any, Final

from chalicelib.auth.tokens import MAX_KID_LENGTH, Key, UnusableKey, rsa_key
from chalicelib.core.errors import Unavailable

log = logging.getLogger(__name__)

COOLDOWN_SECONDS: Final = 60
REFRESH_SECONDS: Final = 3600
TRUST_SECONDS: Final = 24 * 3600
MAX_KEYS: Final = 20


class KeysUnavailable(Unavailable):
    message = "The sign-in provider does not answer. Try again shortly."


class KeySet:
    """Fetches on the first use, every hour, and for an unknown name; at most once a minute.

    While the provider is down its known keys are good for a day.
    """

    def __init__(
        self, fetch: Callable[[], Mapping[str, Any]], *, clock: Callable[[], float]
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = Lock()
        self._keys: Mapping[str, Key] = {}
        self._fetched_at = -float("inf")
        self._attempted_at = -float("inf")

    def find(self, kid: str) -> Key | None:
        """Raise `KeysUnavailable` when there are no keys that could be looked through."""
        known = self._trusted().get(kid)
        if known is None:
            with self._lock:
                self._refresh()
        elif self._is_ageing() and self._lock.acquire(blocking=False):
            try:
                self._refresh()
            finally:
                self._lock.release()
        keys = self._trusted()
        if not keys:
            raise KeysUnavailable
        return keys.get(kid)

    def _trusted(self) -> Mapping[str, Key]:
        is_trusted = self._clock() - self._fetched_at < TRUST_SECONDS
        return self._keys if is_trusted else {}

    def _is_ageing(self) -> bool:
        return self._clock() - self._fetched_at >= REFRESH_SECONDS

    def _refresh(self) -> None:
        """Hold the lock: whoever waited for it finds the attempt made."""
        if self._clock() - self._attempted_at < COOLDOWN_SECONDS:
            return
        self._attempted_at = self._clock()
        try:
            keys = read_keys(self._fetch())
        except Unavailable:
            keys = {}
        if keys:
            self._keys, self._fetched_at = keys, self._clock()
        else:
            log.warning("a sign-in provider served no keys")


def read_keys(document: Mapping[str, Any]) -> dict[str, Key]:
    """Take the RSA signing keys of a JWKS document and leave everything else."""
    keys: dict[str, Key] = {}
    for entry in _signing_entries(document):
        if len(keys) < MAX_KEYS and entry["kid"] not in keys:
            try:
                keys[entry["kid"]] = rsa_key(entry["kid"], modulus=entry["n"], exponent=entry["e"])
            except UnusableKey:
                continue
    return keys


def _signing_entries(document: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    entries = document.get("keys")
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and _is_for_signatures(entry):
            yield entry


def _is_for_signatures(entry: Mapping[str, Any]) -> bool:
    has_texts = all(isinstance(entry.get(name), str) for name in ("kid", "n", "e"))
    return (
        has_texts
        and 0 < len(entry["kid"]) <= MAX_KID_LENGTH
        and entry.get("kty") == "RSA"
        and entry.get("use", "sig") == "sig"
        and entry.get("alg", "RS256") == "RS256"
    )
