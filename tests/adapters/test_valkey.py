"""The cache: what it keeps, and that nobody waits for it, or falls over what it says."""

import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
from redis import Redis

from chalicelib.adapters.valkey import REST_SECONDS, ValkeyCache
from chalicelib.core.cache import BUDGET_SECONDS, NoCache, allowance
from local.stack import Stack
from tests.conftest import Log
from tests.relay import Relay, relaying

NOBODY = "redis://127.0.0.1:9/0"
TOLERANCE = 0.5
RUBBISH = (
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"$-7\r\n",
    b"$many\r\nx\r\n",
    b"$5\r\nhe",
    b":12\r\n",
    b"+OK\r\n",
    b"*1\r\n" * 5000,
    b"-LOADING not yet\r\n",
    b"-OOM command not allowed\r\n",
    b"\xff\xfe\r\n",
    b"\r\n",
)


@pytest.fixture
def key() -> str:
    return f"test:1:{uuid4()}"


@pytest.fixture
def cache(stack: Stack) -> Iterator[ValkeyCache]:
    made = ValkeyCache(stack.env["REDIS_URL"])
    yield made
    made.close()


@pytest.fixture
def relay(stack: Stack) -> Iterator[Relay]:
    with relaying(stack.env["REDIS_URL"]) as made:
        yield made


@pytest.fixture
def far(relay: Relay) -> Iterator[ValkeyCache]:
    """The cache, behind a relay."""
    made = ValkeyCache(relay.url)
    yield made
    made.close()


def test_what_is_put_is_there_until_it_is_forgotten(cache: ValkeyCache, key: str) -> None:
    assert cache.get(key) is None
    assert cache.put(key, b"\x00 any bytes \xff", seconds=9)
    assert cache.get(key) == b"\x00 any bytes \xff"
    assert cache.forget(key, "another")
    assert cache.get(key) is None


def test_nothing_is_kept_for_ever(cache: ValkeyCache, stack: Stack, key: str) -> None:
    mark = b"mine"
    with Redis.from_url(stack.env["REDIS_URL"]) as client:
        cache.put(key, b"x", seconds=9)
        assert 0 < client.pttl(key) <= 9000
        cache.hold(key, mark=mark, seconds=8)
        assert 0 < client.pttl(key) <= 8000
        cache.exchange(key, mark, b"x", seconds=7)
        assert 0 < client.pttl(key) <= 7000
        cache.forget(key)
        cache.claim(key, mark, seconds=6)
        assert 0 < client.pttl(key) <= 6000


def test_a_place_is_claimed_once(cache: ValkeyCache, key: str) -> None:
    assert cache.claim(key, b"first", seconds=9) == b"first"
    assert cache.claim(key, b"second", seconds=9) == b"first"
    assert not cache.exchange(key, b"second", b"late", seconds=9)
    assert cache.exchange(key, b"first", b"content", seconds=9)
    assert cache.claim(key, b"third", seconds=9) == b"content"


@pytest.mark.parametrize("change", ["hold", "forget"])
def test_a_claim_is_lost_to_whoever_changes_the_thing(
    cache: ValkeyCache, key: str, change: str
) -> None:
    cache.claim(key, b"reader", seconds=9)
    if change == "hold":
        assert cache.hold(key, mark=b"writer", seconds=9)
    else:
        assert cache.forget(key)
    assert not cache.exchange(key, b"reader", b"out of date", seconds=9)
    assert cache.get(key) in (None, b"writer")


def test_what_is_no_string_is_swept_away(cache: ValkeyCache, stack: Stack, key: str) -> None:
    with Redis.from_url(stack.env["REDIS_URL"]) as client:
        for ask in (cache.get, lambda name: cache.claim(name, b"mark", seconds=9)):
            client.rpush(key, "a", "list")
            assert ask(key) is None
            assert not client.exists(key)
    assert cache.put(key, b"x", seconds=9)


def test_without_a_cache_nothing_is_kept_and_nothing_left_to_forget(key: str) -> None:
    cache = NoCache()
    assert not cache.put(key, b"x", seconds=9)
    assert not cache.hold(key, mark=b"m", seconds=9)
    assert not cache.exchange(key, b"m", b"x", seconds=9)
    assert (cache.get(key), cache.claim(key, b"m", seconds=9)) == (None, None)
    assert cache.forget(key)


def test_where_nobody_listens_there_is_nothing(key: str) -> None:
    cache = ValkeyCache(NOBODY)
    assert (cache.get(key), cache.claim(key, b"m", seconds=9)) == (None, None)
    assert not cache.put(key, b"x", seconds=9)
    assert not cache.forget(key)
    assert not cache.hold(key, mark=b"m", seconds=9)


@pytest.mark.parametrize("said", RUBBISH)
def test_a_server_that_talks_nonsense_is_a_miss(
    relay: Relay, far: ValkeyCache, key: str, said: bytes
) -> None:
    relay.says = said
    with allowance():
        assert far.get(key) in {None, b"OK"}  # which is nothing that was sealed
        assert not far.exchange(key, b"m", b"x", seconds=9)
        assert not far.hold(key, "another", mark=b"m", seconds=9)


@pytest.mark.parametrize("fault", ["silent", "slow", "dripping"])
def test_a_request_waits_no_longer_than_its_budget(
    relay: Relay, far: ValkeyCache, cache: ValkeyCache, key: str, fault: str
) -> None:
    cache.put(key, b"x" * 1000, seconds=30)
    assert far.get(key)
    relay.delay = {"silent": 30.0, "slow": 0.15, "dripping": 0.0}[fault]
    relay.drips = fault == "dripping"
    started = time.monotonic()
    with allowance():
        answers = [far.get(key), far.forget("another"), far.forget("another"), far.get(key)]
    assert time.monotonic() - started < BUDGET_SECONDS + TOLERANCE
    assert answers[-1] is None
    assert bool(answers[0]) == (fault == "slow")


def test_a_cache_that_has_failed_is_left_alone_for_a_while(relay: Relay, key: str) -> None:
    now = [100.0]
    cache = ValkeyCache(relay.url, clock=lambda: now[0])
    relay.delay = 30.0
    assert cache.get(key) is None
    relay.delay = 0.0
    asked = relay.commands
    for _ in range(100):
        assert cache.get(key) is None
        assert not cache.put(key, b"x", seconds=9)
        assert cache.claim(key, b"m", seconds=9) is None
    assert relay.commands == asked
    now[0] += REST_SECONDS
    assert cache.put(key, b"x", seconds=9)
    assert cache.get(key) == b"x"
    cache.close()


def test_what_must_be_forgotten_is_told_even_to_a_cache_that_rests(
    relay: Relay, cache: ValkeyCache, key: str
) -> None:
    cache.put(key, b"x", seconds=9)
    far = ValkeyCache(relay.url, clock=lambda: 100.0)
    relay.delay = 30.0
    assert far.get(key) is None
    relay.delay = 0.0
    assert far.get(key) is None
    assert far.hold(key, mark=b"held", seconds=9)
    assert cache.get(key) == b"held"
    assert far.forget(key)
    assert cache.get(key) is None
    far.close()


def test_a_connection_that_was_cut_is_made_anew(cache: ValkeyCache, stack: Stack, key: str) -> None:
    cache.put(key, b"x", seconds=9)
    with Redis.from_url(stack.env["REDIS_URL"]) as client:
        client.client_kill_filter(_type="normal", skipme=True)
    assert cache.get(key) == b"x"


def test_a_failure_is_logged_without_what_was_asked(log: Log, key: str) -> None:
    ValkeyCache(NOBODY).put(key, b"a secret", seconds=9)
    [line] = [line for line in log.lines if line["logger"] == "chalicelib.adapters.valkey"]
    assert (line["level"], line["message"], line["error"]) == (
        "warning",
        "no cache",
        "ConnectionError",
    )
    assert key not in log.text
    assert "a secret" not in log.text
