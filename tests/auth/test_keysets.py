import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock
from typing import Any

import pytest

from chalicelib.auth.keysets import KeySet, KeysUnavailable, read_keys
from chalicelib.auth.tokens import verify
from chalicelib.core.errors import Unavailable
from tests.auth.forge import ATTACKER_KEY, GOOGLE, KID, NOW, PROVIDER_KEY, SECRET, b64, jwk_of

DAY = 24 * 3600


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class Provider:
    """Publishes keys, or is down, and counts how often it is asked."""

    def __init__(self, *kids: str) -> None:
        self.kids = kids
        self.is_down = False
        self.fetches = 0
        self._lock = Lock()

    def fetch(self) -> Mapping[str, Any]:
        with self._lock:
            self.fetches += 1
        if self.is_down:
            raise Unavailable
        return {"keys": [jwk_of(PROVIDER_KEY, kid) for kid in self.kids]}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider() -> Provider:
    return Provider(KID)


@pytest.fixture
def keys(provider: Provider, clock: Clock) -> KeySet:
    return KeySet(provider.fetch, clock=clock)


def test_a_token_passes_with_the_published_key(keys: KeySet) -> None:
    assert verify(GOOGLE.token, GOOGLE.profile, keys.find, now=NOW)


def test_nothing_is_fetched_before_it_is_needed(keys: KeySet, provider: Provider) -> None:
    assert keys is not None
    assert provider.fetches == 0


def test_a_known_key_is_fetched_once_an_hour(
    keys: KeySet, provider: Provider, clock: Clock
) -> None:
    for _ in range(3599):
        assert keys.find(KID)
        clock.advance(1)
    assert provider.fetches == 1
    clock.advance(1)
    assert keys.find(KID)
    assert provider.fetches == 2


def test_an_unknown_key_is_looked_for_at_most_once_a_minute(
    keys: KeySet, provider: Provider, clock: Clock
) -> None:
    for _ in range(10_000):
        assert keys.find(secrets.token_hex(8)) is None
        clock.advance(0.006)
    assert provider.fetches <= 2


def test_unknown_keys_from_many_threads_are_looked_for_once(
    keys: KeySet, provider: Provider
) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(keys.find, map(str, range(1000))))
    assert set(found) == {None}
    assert provider.fetches == 1


def test_a_rotation_is_seen_within_a_minute(keys: KeySet, provider: Provider, clock: Clock) -> None:
    keys.find(KID)
    provider.kids = ("new", KID)
    clock.advance(59)
    assert keys.find("new") is None
    clock.advance(1)
    assert keys.find("new")
    assert keys.find(KID)


def test_a_withdrawn_key_is_forgotten_within_an_hour(
    keys: KeySet, provider: Provider, clock: Clock
) -> None:
    keys.find(KID)
    provider.kids = ("new",)
    clock.advance(3600)
    assert keys.find(KID) is None


def test_known_keys_serve_for_a_day_while_the_provider_is_down(
    keys: KeySet, provider: Provider, clock: Clock
) -> None:
    keys.find(KID)
    provider.is_down = True
    clock.advance(DAY - 1)
    assert keys.find(KID)
    clock.advance(1)
    with pytest.raises(KeysUnavailable):
        keys.find(KID)


def test_a_provider_that_is_down_is_asked_once_a_minute(
    keys: KeySet, provider: Provider, clock: Clock
) -> None:
    keys.find(KID)
    provider.is_down = True
    clock.advance(3600)
    for _ in range(600):
        assert keys.find(KID)
        assert keys.find("unknown") is None
        clock.advance(1)
    assert provider.fetches == 1 + 10


def test_without_any_keys_nobody_is_told_to_sign_in_again(keys: KeySet, provider: Provider) -> None:
    provider.is_down = True
    for _ in range(10):
        with pytest.raises(Unavailable):
            keys.find(KID)
    assert provider.fetches == 1


def test_a_provider_that_comes_back_is_found_within_a_minute(
    keys: KeySet, provider: Provider, clock: Clock
) -> None:
    provider.is_down = True
    with pytest.raises(Unavailable):
        keys.find(KID)
    provider.is_down = False
    clock.advance(60)
    assert keys.find(KID)


@pytest.mark.parametrize("document", [{}, {"keys": []}, {"keys": None}, {"keys": {"a": 1}}])
def test_a_document_without_keys_does_not_drop_the_known_ones(
    document: Mapping[str, Any], clock: Clock
) -> None:
    documents = iter([{"keys": [jwk_of(PROVIDER_KEY)]}, document])
    keys = KeySet(lambda: next(documents), clock=clock)
    keys.find(KID)
    clock.advance(3600)
    assert keys.find(KID)


def test_while_one_thread_refreshes_the_others_use_the_old_key(clock: Clock) -> None:
    began, finish = Event(), Event()
    documents = iter([KID, "new"])

    def fetch() -> Mapping[str, Any]:
        kid = next(documents)
        if kid == "new":
            began.set()
            finish.wait(timeout=5)
        return {"keys": [jwk_of(PROVIDER_KEY, kid)]}

    keys = KeySet(fetch, clock=clock)
    keys.find(KID)
    clock.advance(3600)
    with ThreadPoolExecutor(1) as pool:
        refreshing = pool.submit(keys.find, KID)
        assert began.wait(timeout=5)
        assert keys.find(KID)
        finish.set()
        assert refreshing.result(timeout=5) is None


def test_whoever_waits_for_a_fetch_gets_its_key(clock: Clock) -> None:
    began, finish = Event(), Event()
    fetches = []

    def fetch() -> Mapping[str, Any]:
        fetches.append(1)
        began.set()
        finish.wait(timeout=5)
        return {"keys": [jwk_of(PROVIDER_KEY)]}

    keys = KeySet(fetch, clock=clock)
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(keys.find, KID) for _ in range(8)]
        assert began.wait(timeout=5)
        finish.set()
        assert all(future.result(timeout=5) for future in waiting)
    assert len(fetches) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"use": "enc"},
        {"use": None},
        {"alg": "RS512"},
        {"alg": "HS256"},
        {"alg": None},
        {"kty": "oct"},
        {"kty": "oct", "k": b64(SECRET.encode()), "alg": "HS256"},
        {"kty": "EC", "crv": "P-256"},
        {"kty": None},
        {"kid": None},
        {"kid": ""},
        {"kid": "k" * 129},
        {"kid": ["key-1"]},
        {"n": None},
        {"n": 5},
        {"n": "AQAB"},
        {"n": "é"},
        {"e": None},
        {"e": "AQ"},
    ],
    ids=str,
)
def test_only_rsa_keys_for_signatures_are_taken(changes: dict[str, Any]) -> None:
    good = jwk_of(PROVIDER_KEY, "good")
    assert read_keys({"keys": [{**jwk_of(PROVIDER_KEY), **changes}, good]}).keys() == {"good"}


@pytest.mark.parametrize("entry", [None, 5, "key", [], {}])
def test_what_is_no_key_is_left_out(entry: object) -> None:
    assert read_keys({"keys": [entry, jwk_of(PROVIDER_KEY)]}).keys() == {KID}


def test_use_and_algorithm_may_be_absent() -> None:
    entry = jwk_of(PROVIDER_KEY)
    del entry["use"], entry["alg"]
    assert read_keys({"keys": [entry]})[KID].algorithm == "RS256"


def test_a_name_of_128_characters_is_taken() -> None:
    assert read_keys({"keys": [jwk_of(PROVIDER_KEY, "k" * 128)]})


def test_the_first_of_two_keys_of_one_name_is_taken() -> None:
    keys = read_keys({"keys": [jwk_of(PROVIDER_KEY), jwk_of(ATTACKER_KEY)]})
    assert verify(GOOGLE.token, GOOGLE.profile, keys.get, now=NOW)


def test_no_more_than_twenty_keys_are_taken() -> None:
    entries = [jwk_of(PROVIDER_KEY, str(number)) for number in range(30)]
    assert list(read_keys({"keys": entries})) == [str(number) for number in range(20)]


def test_a_published_private_key_is_used_as_a_public_one() -> None:
    keys = read_keys({"keys": [jwk_of(PROVIDER_KEY, d="AQAB", p="AQAB")]})
    assert verify(GOOGLE.token, GOOGLE.profile, keys.get, now=NOW)
