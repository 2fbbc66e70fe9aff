"""The cards that anybody may see: what stands there, where it comes from, and when it ends."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import requests
import sqlalchemy as sa
from pydantic import BaseModel
from redis import Redis
from sqlalchemy.orm import Session

from chalicelib.analyses.instruments import Trait
from chalicelib.core.cache import sealed_for
from chalicelib.core.cards import CARD_SECONDS
from chalicelib.core.models import Persona
from local.stack import Stack
from local.vendors.control import Control
from tests.analyses.surveys import ANSWERS, collect, open_survey
from tests.client import Api
from tests.conftest import Worker, replica_paused
from tests.personas.lives import Life, begin
from tests.receiver import settings_with
from tests.relay import relaying
from tests.replica import catch_up
from tests.social.shown import NOBODY, cached_card, card, facts, profile
from tests.social.statements import NOBODY as NO_SERVER
from tests.social.statements import counted, no_database


@pytest.fixture
def life(api: Api, worker: Worker) -> Life:
    return begin(api, worker, visibility="public")


@pytest.fixture
def valkey(stack: Stack) -> Iterator[Redis]:
    with Redis.from_url(stack.env["REDIS_URL"]) as client:
        yield client


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


def test_while_the_replica_is_gone_the_primary_answers(life: Life, visitor: Api) -> None:
    from chalicelib.core import db  # noqa: PLC0415

    db.dispose()
    chat = f"{life.path}/chat"
    with settings_with(DATABASE_REPLICA_URL=NO_SERVER, REDIS_URL=None):
        assert life.owner.post(chat, {"message": "Hello?"}).status == 200
        for path in (card(life), profile(life), life.path, "/social/trends"):
            assert visitor.get(path).status == 200
        assert len(life.owner.get(chat).json["messages"]) == 2
        assert not db.has_replica()
        db.dispose()
    assert db.has_replica()


@pytest.mark.parametrize("fault", ["absent", "down", "silent", "slow"])
def test_a_card_needs_no_cache(life: Life, visitor: Api, stack: Stack, fault: str) -> None:
    expected = facts(visitor.get(card(life)))
    with relaying(stack.env["REDIS_URL"]) as relay:
        relay.delay = {"silent": 30.0, "slow": 0.09}.get(fault, 0.0)
        url = {"absent": None, "down": NOBODY}.get(fault, relay.url)
        with settings_with(REDIS_URL=url):
            started = time.monotonic()
            seen = [facts(visitor.get(path)) for path in (card(life), profile(life))]
            assert time.monotonic() - started < 0.2 * len(seen) + 2
    assert seen == [expected] * 2


def swap(life: Life, other: Life, valkey: Redis) -> None:
    valkey.rename(cached_card(other), cached_card(life))


def forge(life: Life, _other: Life, valkey: Redis) -> None:
    valkey.set(cached_card(life), b'{"name": "Mallory", "ai_generated": true}')


def outgrow(life: Life, _other: Life, valkey: Redis) -> None:
    """Something that was sealed for this key, in a shape of other days."""
    key = cached_card(life)
    valkey.set(key, sealed_for(key, Old(what="was")))


def pile(life: Life, _other: Life, valkey: Redis) -> None:
    valkey.delete(cached_card(life))
    valkey.rpush(cached_card(life), "a", "list")


def spoil(life: Life, _other: Life, valkey: Redis) -> None:
    whole = valkey.get(cached_card(life))
    assert isinstance(whole, bytes)
    valkey.set(cached_card(life), whole[:-1])


class Old(BaseModel):
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
