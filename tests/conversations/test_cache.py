"""The cache spares reads; what a persona is told does not depend on it."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from redis import Redis
from sqlalchemy.orm import Session

from chalicelib import wiring
from chalicelib.core import config
from chalicelib.core.models import Message
from local.stack import Stack
from local.vendors.control import Control
from tests.conversations.talks import Talk, words


@pytest.fixture
def valkey(stack: Stack) -> Iterator[Redis]:
    with Redis.from_url(stack.env["REDIS_URL"]) as client:
        client.flushdb()
        yield client
        client.flushdb()


def keys(valkey: Redis, kind: str = "") -> list[str]:
    found = [key.decode() for key in valkey.scan_iter(f"*{kind}:*") if isinstance(key, bytes)]
    return sorted(found)


def test_a_turn_leaves_what_the_next_one_needs(talk: Talk, valkey: Redis) -> None:
    secret = words()
    talk.hear(secret)
    assert (len(keys(valkey, "talk")), len(keys(valkey, "prompt"))) == (1, 1)
    for key in keys(valkey):
        assert secret not in str(valkey.get(key))
        assert 0 < valkey.ttl(key) <= 24 * 3600


def test_what_is_cached_is_not_read_again(
    talk: Talk, valkey: Redis, ai: Control, session: Session
) -> None:
    first, other = words(), words()
    talk.hear(first)
    session.execute(sa.update(Message).where(Message.content == first).values(content=other))
    talk.hear(words())
    assert ai.calls("text", contains=first).attempts == 2
    assert ai.calls("text", contains=other).attempts == 0


def test_rubbish_in_the_cache_is_not_believed(talk: Talk, valkey: Redis, ai: Control) -> None:
    first = words()
    talk.hear(first)
    for key in keys(valkey):
        valkey.set(key, b'{"summary": null, "said": []}')
    talk.hear(words())
    assert ai.calls("text", contains=first).attempts == 2
    assert ai.calls("text", contains="House rules").attempts >= 2


def test_another_talk_s_entry_is_not_believed(talk: Talk, valkey: Redis, ai: Control) -> None:
    first, second = words(), words()
    talk.hear(first)
    [old] = keys(valkey, "talk")
    talk.hear(second)
    [new] = [key for key in keys(valkey, "talk") if key != old]
    valkey.set(new, valkey.get(old) or b"")
    talk.hear(words())
    assert ai.calls("text", contains=second).attempts == 2


def test_a_new_name_is_told_at_once(talk: Talk, valkey: Redis, ai: Control) -> None:
    talk.hear("Hello.")
    name = words()
    talk.life.edit(name=name)
    talk.hear("And now?")
    assert ai.calls("text", contains=f"You are {name}, an AI persona").attempts == 1


def test_without_a_cache_the_talk_goes_on(talk: Talk, stack: Stack, ai: Control) -> None:
    first = words()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("REDIS_URL", "redis://127.0.0.1:9")
        forget()
        talk.hear(first)
        talk.hear(words())
    forget()
    assert ai.calls("text", contains=first).attempts == 2


def forget() -> None:
    config.settings.cache_clear()
    wiring.ports().__dict__.pop("cache", None)
