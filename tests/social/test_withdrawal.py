"""The end of what anybody may see: at once, and wherever it could be seen."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
import sqlalchemy as sa
from redis import Redis
from sqlalchemy.orm import Session

from chalicelib.core.cards import CARD_SECONDS, CLAIM_SECONDS, profile_key
from local.stack import Stack
from tests.client import Api
from tests.conftest import Worker, replica_paused
from tests.personas.lives import Life, begin
from tests.receiver import settings_with
from tests.relay import relaying
from tests.replica import catch_up
from tests.social.shown import NOBODY, cached_card, card, profile


@pytest.fixture
def life(api: Api, worker: Worker) -> Life:
    return begin(api, worker, visibility="public")


@pytest.fixture
def valkey(stack: Stack) -> Iterator[Redis]:
    with Redis.from_url(stack.env["REDIS_URL"]) as client:
        yield client


def make_private(life: Life) -> None:
    assert life.edit(visibility="private").status == 200


def delete(life: Life) -> None:
    assert life.owner.delete(life.path).status == 204


def wish_anew(life: Life) -> None:
    assert life.owner.generate("Ada", force=True, visibility="private").status == 202


WAYS = pytest.mark.parametrize("end", [make_private, delete, wish_anew])


@WAYS
def test_what_is_withdrawn_cannot_be_seen_anywhere(
    life: Life, visitor: Api, stack: Stack, end: Callable[[Life], None]
) -> None:
    paths = (card(life), profile(life), life.path, f"{life.path}/image")
    catch_up(stack)
    tag = visitor.get(card(life)).headers["ETag"]
    assert [visitor.get(path).status for path in paths] == [200, 200, 200, 302]
    with replica_paused(stack):
        end(life)
        for _ in range(3):
            assert [visitor.get(path).status for path in paths] == [404] * 4
        for known in (tag, "*"):
            assert visitor.get(card(life), if_none_match=known).status == 404


def test_what_is_unlisted_is_no_profile_any_more(life: Life, visitor: Api, stack: Stack) -> None:
    assert visitor.get(profile(life)).status == 200
    with replica_paused(stack):
        life.edit(visibility="unlisted")
        assert visitor.get(profile(life)).status == 404
        assert visitor.get(card(life)).status == 200


def test_a_profile_is_that_of_the_primary_persona(
    life: Life, visitor: Api, worker: Worker, stack: Stack
) -> None:
    other = begin(life.owner, worker, "Grace")
    assert visitor.get(profile(life)).status == 404
    with replica_paused(stack):
        life.owner.patch("/auth/me", {"primary_persona_id": life.id})
        assert visitor.get(profile(life)).json["name"] == "Ada"
        life.owner.patch("/auth/me", {"primary_persona_id": other.id})
        assert visitor.get(profile(life)).status == 404
        other.edit(visibility="public")
        assert visitor.get(profile(life)).json["name"] == "Grace"
        delete(other)
        assert visitor.get(profile(life)).json["name"] == "Ada"


def test_a_profile_ends_with_the_choice_of_another_persona(
    life: Life, visitor: Api, worker: Worker, stack: Stack
) -> None:
    other = begin(life.owner, worker, "Grace")
    with replica_paused(stack):
        life.owner.patch("/auth/me", {"primary_persona_id": life.id})
        assert visitor.get(profile(life)).json["name"] == "Ada"
        life.owner.patch("/auth/me", {"primary_persona_id": other.id})
        assert visitor.get(profile(life)).status == 404


@WAYS
def test_a_reader_who_is_late_leaves_nothing_behind(
    life: Life, visitor: Api, stack: Stack, valkey: Redis, end: Callable[[Life], None]
) -> None:
    """A reader has read what was public, and what it leaves in the cache arrives after the end."""
    valkey.delete(cached_card(life), profile_key(UUID(life.owner.user["id"])))
    with relaying(stack.env["REDIS_URL"]) as relay:
        relay.holds = b"EVAL"
        with settings_with(REDIS_URL=relay.url):
            assert visitor.get(card(life)).status == 200
        assert relay.held.wait(5)
        end(life)
        relay.may_carry.set()
        assert relay.delivered.wait(5)
    assert visitor.get(card(life)).status == 404


def test_a_reader_in_the_middle_of_a_change_leaves_nothing_behind(
    life: Life, visitor: Api, stack: Stack, session: Session
) -> None:
    """The change waits for a lock, and is not committed when the reader comes."""
    visitor.get(card(life))
    blocker = Session(session.get_bind().execution_options(isolation_level="READ COMMITTED"))
    with blocker, ThreadPoolExecutor(1) as pool:
        blocker.execute(
            sa.text("SELECT FROM persona_images WHERE persona_id = :id FOR UPDATE"),
            {"id": life.id},
        )
        deletion = pool.submit(delete, life)
        _wait_for_a_lock(session)
        assert visitor.get(card(life)).status == 200
        blocker.rollback()
        deletion.result()
    assert visitor.get(card(life)).status == 404


def _wait_for_a_lock(session: Session) -> None:
    waiting = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    for _ in range(200):
        if session.execute(waiting).scalar_one():
            return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def test_an_end_is_seen_although_the_last_word_of_it_is_lost(
    life: Life, visitor: Api, stack: Stack
) -> None:
    """As if the owner's request died between its commit and what follows."""
    assert visitor.get(card(life)).status == 200
    with relaying(stack.env["REDIS_URL"]) as relay:
        relay.holds = b"DEL"
        with settings_with(REDIS_URL=relay.url):
            make_private(life)
        assert relay.held.wait(5)
        assert visitor.get(card(life)).status == 404
        assert visitor.get(profile(life)).status == 404


def test_nobody_is_told_of_an_end_that_the_cache_does_not_know_of(
    life: Life, visitor: Api, stack: Stack
) -> None:
    """The owner's request cannot reach the cache, others can: it is answered when what lies there
    has expired, and what is asked of the database has ended long before."""
    assert visitor.get(card(life)).status == 200
    with settings_with(REDIS_URL=NOBODY), ThreadPoolExecutor(1) as pool:
        from chalicelib import wiring  # noqa: PLC0415

        assert wiring.ports().cache.get("any") is None
        started = time.monotonic()
        ended = pool.submit(make_private, life)
        while visitor.get(card(life)).status != 404:
            assert not ended.done()
        assert not ended.done()
        ended.result()
    assert time.monotonic() - started > CARD_SECONDS + CLAIM_SECONDS
    assert visitor.get(card(life)).status == 404


def test_without_a_cache_nobody_waits(life: Life, visitor: Api) -> None:
    with settings_with(REDIS_URL=None):
        started = time.monotonic()
        make_private(life)
        assert time.monotonic() - started < CARD_SECONDS
        assert visitor.get(card(life)).status == 404


def test_a_change_that_ends_nothing_waits_for_no_cache(life: Life, stack: Stack) -> None:
    with settings_with(REDIS_URL=NOBODY):
        started = time.monotonic()
        assert life.edit(motto="At once.").status == 200
        assert life.owner.generate("Grace").status == 202
        assert time.monotonic() - started < CARD_SECONDS
