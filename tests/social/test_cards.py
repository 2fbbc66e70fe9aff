"""The cards that anybody may see: what stands there, where it comes from, and when it ends."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
import requests
import sqlalchemy as sa
from redis import Redis
from sqlalchemy.orm import Session

from chalicelib.analyses.instruments import Trait
from chalicelib.core.cache import sealed_for
from chalicelib.core.cards import CARD_SECONDS, CLAIM_SECONDS, card_key, profile_key
from chalicelib.core.models import Persona
from chalicelib.personas.schemas import CardFacts
from local.stack import Stack
from local.vendors.control import Control
from tests.analyses.surveys import ANSWERS, collect, open_survey
from tests.client import Answer, Api
from tests.conftest import Worker, replica_paused
from tests.personas.lives import Life, begin
from tests.receiver import settings_with
from tests.relay import relaying
from tests.replica import catch_up
from tests.social.statements import counted, no_database

NOBODY = "redis://127.0.0.1:9/0"


@pytest.fixture
def life(api: Api, worker: Worker) -> Life:
    return begin(api, worker, visibility="public")


@pytest.fixture
def valkey(stack: Stack) -> Iterator[Redis]:
    with Redis.from_url(stack.env["REDIS_URL"]) as client:
        yield client


def card(life: Life) -> str:
    return f"/social/personas/{life.id}"


def profile(life: Life) -> str:
    return f"/social/profiles/{life.owner.user['id']}"


def cached_card(life: Life) -> str:
    return card_key(UUID(life.id))


def facts(answer: Answer) -> dict[str, object]:
    """The card, but for the link that is signed anew."""
    assert answer.status == 200, answer
    seen: dict[str, object] = answer.json
    return seen | {"image": answer.json["image"]["id"]}


def test_a_card_says_what_anybody_may_know(life: Life, visitor: Api) -> None:
    seen, mine = visitor.get(card(life)), life.now
    assert facts(seen) == facts(visitor.get(profile(life)))
    assert set(seen.json) == {
        *("id", "name", "ai_generated", "source", "title", "motto", "summary"),
        *("traits", "archetype", "fidelity", "image", "basis", "tags"),
    }
    assert seen.json["ai_generated"] is True
    assert seen.json["basis"] == "inferred from a description"
    for name in ("name", "motto", "summary", "archetype", "fidelity"):
        assert seen.json[name] == mine[name]
    assert seen.json["traits"]["openness"]["se"] > 0


def test_a_card_says_nothing_else(life: Life, visitor: Api) -> None:
    mine = life.now
    secrets = [
        mine["system_prompt"],
        mine["description"],
        life.owner.user["email"],
        mine["greeting"],
    ]
    for path in (card(life), profile(life)):
        told = visitor.get(path)
        assert not [secret for secret in secrets if secret in told.text]
        assert life.owner.user["id"] not in told.text
        assert {told.json["traits"][trait]["quote"] for trait in Trait} == {None}
    assert {mine["traits"][trait]["quote"] for trait in Trait} != {None}


def test_the_basis_counts_friends(api: Api, visitor: Api, worker: Worker) -> None:
    survey = open_survey(api, subject_name="Ada")
    collect(visitor, survey, *[ANSWERS] * 6)
    persona_id = api.post(
        "/personas/generate", {"analysis_id": survey.id, "visibility": "public"}
    ).json["persona_id"]
    worker.work()
    assert visitor.get(f"/social/personas/{persona_id}").json["basis"] == "6 friends"


@pytest.mark.parametrize(
    ("visibility", "by_link", "as_profile"),
    [("private", 404, 404), ("unlisted", 200, 404), ("public", 200, 200)],
)
def test_who_shows_nothing_is_not_found(
    life: Life, visitor: Api, visibility: str, by_link: int, as_profile: int
) -> None:
    life.edit(visibility=visibility)
    for viewer in (visitor, life.owner):
        assert viewer.get(card(life)).status == by_link
        assert viewer.get(profile(life)).status == as_profile


def test_a_persona_that_is_not_there_yet_has_no_card(
    api: Api, visitor: Api, worker: Worker
) -> None:
    life = Life(api, api.generate("Ada", visibility="public").json["persona_id"])
    assert visitor.get(card(life)).status == 404
    assert visitor.get(profile(life)).status == 404
    worker.work()
    assert visitor.get(card(life)).status == 200
    assert visitor.get(profile(life)).status == 200


def test_nobody_keeps_a_card_without_asking(life: Life, visitor: Api) -> None:
    for path in (card(life), profile(life)):
        seen = visitor.get(path)
        assert seen.headers["Cache-Control"] == "public, no-cache"
        tag = seen.headers["ETag"]
        while visitor.get(path).headers["ETag"] != tag:  # the links were signed anew
            tag = visitor.get(path).headers["ETag"]
        assert visitor.get(path, if_none_match=tag).status == 304
        life.edit(motto=f"Now {path}.")
        assert visitor.get(path, if_none_match=tag).status == 200
        missing = visitor.get("/social/personas/" + str(uuid4()))
        assert missing.headers["Cache-Control"] == "no-store"


def test_the_picture_can_be_fetched(life: Life, visitor: Api) -> None:
    for _ in range(2):
        url = visitor.get(card(life)).json["image"]["url"]
        assert requests.get(url, timeout=5).content[:2] == b"\xff\xd8"
        assert "X-Amz-Expires=60" in url


def test_a_cached_card_asks_no_database(life: Life, visitor: Api) -> None:
    paths = (card(life), profile(life))
    first = [facts(visitor.get(path)) for path in paths]
    with counted() as sent:
        assert [facts(visitor.get(path)) for path in paths] == first
    assert sent == []
    with no_database():
        assert [facts(visitor.get(path)) for path in paths] == first
        assert visitor.get(life.path).code == "database_unavailable"


def test_a_card_that_is_not_cached_asks_the_primary_who_may_see_it_and_the_replica_for_it(
    life: Life, visitor: Api, session: Session, stack: Stack
) -> None:
    catch_up(stack)
    with replica_paused(stack):
        session.execute(
            sa.update(Persona).where(Persona.id == life.id).values(motto="From the primary.")
        )
        with counted() as sent:
            assert visitor.get(card(life)).json["motto"] != "From the primary."
    assert len(sent) == 2


def test_without_a_replica_one_connection_does(life: Life, visitor: Api) -> None:
    from chalicelib.core import db  # noqa: PLC0415

    db.dispose()
    with settings_with(DATABASE_REPLICA_URL=None, DATABASE_POOL_SIZE="1", REDIS_URL=NOBODY):
        assert visitor.get(card(life)).status == 200
        assert visitor.get(life.path).status == 200
        db.dispose()


@pytest.mark.parametrize("fault", ["absent", "down", "silent", "slow"])
def test_a_card_needs_no_cache(life: Life, visitor: Api, stack: Stack, fault: str) -> None:
    expected = facts(visitor.get(card(life)))
    with relaying(stack.env["REDIS_URL"]) as relay:
        relay.delay = {"silent": 30.0, "slow": 0.09}.get(fault, 0.0)
        url = {"absent": None, "down": NOBODY}.get(fault, relay.url)
        with settings_with(REDIS_URL=url):
            started = time.monotonic()
            seen = [facts(visitor.get(path)) for path in (card(life), profile(life))]
            assert time.monotonic() - started < 0.2 * len(seen) + 0.3
    assert seen == [expected] * 2


def swap(life: Life, other: Life, valkey: Redis) -> None:
    valkey.rename(cached_card(other), cached_card(life))


def forge(life: Life, _other: Life, valkey: Redis) -> None:
    valkey.set(cached_card(life), b'{"name": "Mallory", "ai_generated": true}')


def outgrow(life: Life, _other: Life, valkey: Redis) -> None:
    """Something that was sealed for this key, in a shape of other days."""
    key = cached_card(life)
    valkey.set(key, sealed_for(key, Old.model_validate({"what": "was"})))


def pile(life: Life, _other: Life, valkey: Redis) -> None:
    valkey.delete(cached_card(life))
    valkey.rpush(cached_card(life), "a", "list")


def spoil(life: Life, _other: Life, valkey: Redis) -> None:
    whole = valkey.get(cached_card(life))
    assert isinstance(whole, bytes)
    valkey.set(cached_card(life), whole[:-1])


class Old(CardFacts.__base__):  # type: ignore[misc,name-defined]
    what: str


@pytest.mark.parametrize("rubbish", [swap, forge, outgrow, pile, spoil])
def test_rubbish_in_the_cache_is_not_believed_and_swept_away(
    life: Life,
    stranger: Api,
    visitor: Api,
    worker: Worker,
    valkey: Redis,
    rubbish: Callable[[Life, Life, Redis], None],
) -> None:
    other = begin(stranger, worker, "Grace", visibility="public")
    expected = [facts(visitor.get(card(each))) for each in (life, other)]
    rubbish(life, other, valkey)
    assert facts(visitor.get(card(life))) == expected[0]
    with counted() as sent:
        for _ in range(2):
            assert facts(visitor.get(card(life))) == expected[0]
    assert len(sent) == 2
    assert facts(visitor.get(card(other))) == expected[1]


def test_nothing_readable_lies_in_the_cache(life: Life, visitor: Api, valkey: Redis) -> None:
    motto = visitor.get(card(life)).json["motto"]
    kept = valkey.get(cached_card(life))
    assert isinstance(kept, bytes)
    assert motto.encode() not in kept
    assert 0 < valkey.ttl(cached_card(life)) <= CARD_SECONDS


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
        time.sleep(1)
        assert visitor.get(card(life)).status == 404
        assert not ended.done()
        ended.result()
    assert time.monotonic() - started > CARD_SECONDS + CLAIM_SECONDS
    assert visitor.get(card(life)).status == 404


def test_without_a_cache_nobody_waits(life: Life, visitor: Api) -> None:
    with settings_with(REDIS_URL=None):
        started = time.monotonic()
        make_private(life)
        assert time.monotonic() - started < 2
        assert visitor.get(card(life)).status == 404


def test_a_change_that_ends_nothing_waits_for_no_cache(life: Life, stack: Stack) -> None:
    with settings_with(REDIS_URL=NOBODY):
        started = time.monotonic()
        assert life.edit(motto="At once.").status == 200
        assert life.owner.generate("Grace").status == 202
        assert time.monotonic() - started < 2


def test_what_changes_is_shown_at_once(
    life: Life, visitor: Api, worker: Worker, stack: Stack
) -> None:
    with replica_paused(stack):
        for number in range(3):
            life.edit(motto=f"Number {number}.")
            for path in (card(life), profile(life)):
                assert visitor.get(path).json["motto"] == f"Number {number}."
        before = visitor.get(card(life)).json
        life.renew(worker, "images")
        assert visitor.get(card(life)).json["image"]["id"] != before["image"]["id"]
        life.renew(worker, "motto", tone="comical")
        assert visitor.get(card(life)).json["motto"] == life.now["motto"]
        life.owner.generate("Ada", force=True)
        worker.work()
        assert facts(visitor.get(card(life)))["image"] == life.now["image"]["id"]


def test_of_fifty_at_once_few_read_the_card(
    life: Life, visitor: Api, valkey: Redis, ai: Control
) -> None:
    visitor.get(card(life))
    valkey.delete(cached_card(life))
    with counted() as sent, ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: visitor.get(card(life)), range(50)))
    assert {answer.status for answer in answers} == {200}
    assert len(sent) < 50
