"""Chemistry over HTTP: who may compare whom, and what the answer and its picture hold."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree as ET

import pytest
import sqlalchemy as sa
from redis import Redis
from sqlalchemy.orm import Session

from chalicelib.core.models import Persona
from local.stack import Stack
from local.vendors.control import Control
from tests.client import Answer, Api
from tests.conftest import Worker
from tests.personas.cards.test_share import SVG, pixels, require_inert
from tests.personas.lives import Life, begin
from tests.receiver import settings_with

HOSTILE = '</text><script>alert(1)</script>"&'


def set_traits(session: Session, life: Life, *levels: float, se: float = 0.1) -> None:
    """Levels in the order of the worked example: E, A, C, S, O."""
    names = ("extraversion", "agreeableness", "conscientiousness", "emotional_stability")
    each = {
        name: {"estimate": level, "observed": None, "se": se, "quote": None}
        for name, level in zip((*names, "openness"), levels, strict=True)
    }
    traits = {"source": "peer", "basis": "6 friends", "n": 6, **each}
    session.execute(sa.update(Persona).where(Persona.id == life.id).values(traits=traits))


@pytest.fixture
def mine(api: Api, worker: Worker, session: Session) -> Life:
    life = begin(api, worker, "Ada")
    set_traits(session, life, 0.80, 0.70, 0.40, 0.45, 0.85, se=0.08)
    return life


@pytest.fixture
def theirs(stranger: Api, worker: Worker, session: Session) -> Life:
    life = begin(stranger, worker, "Grace", visibility="public")
    set_traits(session, life, 0.35, 0.85, 0.75, 0.70, 0.80, se=0.10)
    return life


def by_ids(api: Api, a: Life, b: Life, *, route: str = "chemistry") -> Answer:
    return api.get(f"/social/{route}?a={a.id}&b={b.id}")


def with_user(api: Api, other: Api) -> Answer:
    return api.get(f"/social/chemistry?target_user_id={other.user['id']}")


def shared(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "basis"}


def test_the_example_over_http(api: Api, mine: Life, theirs: Life, ai: Control) -> None:
    ai.forget_calls()
    answer = by_ids(api, mine, theirs)
    assert answer.status == 200
    found = answer.json
    assert (found["score"], found["margin"], found["percentile"]) == (46.4, 8.1, 35.9)
    assert (found["label"], found["version"], found["clipped"]) == ("typical", 1, False)
    assert [
        (each["trait"], each["points"], each["direction"]) for each in found["contributions"]
    ] == [
        ("extraversion", -4.3, "down"),
        ("openness", 4.2, "up"),
        ("conscientiousness", -3.2, "down"),
        ("emotional_stability", -1.7, "down"),
        ("agreeableness", 1.4, "up"),
    ]
    assert found["summary"] == (
        "46, give or take 8: a typical pair. What says most is extraversion (\u22124.3, far apart, "
        "and in the middle on average) and openness (+4.2, close together)."
    )
    assert found["basis"] == {"a": {"source": "peer", "n": 6}, "b": {"source": "peer", "n": 6}}
    assert found["caveat"].endswith("Read this as a conversation starter.")
    assert ai.calls().attempts == 0


def test_both_see_the_same(api: Api, stranger: Api, mine: Life, theirs: Life) -> None:
    mine.edit(visibility="public")
    forth, back = by_ids(api, mine, theirs).json, by_ids(stranger, theirs, mine).json
    assert shared(forth) == shared(back)
    assert (forth["basis"]["a"], forth["basis"]["b"]) == (back["basis"]["b"], back["basis"]["a"])
    assert shared(with_user(api, stranger).json) == shared(with_user(stranger, api).json)
    assert shared(with_user(api, stranger).json) == shared(forth)


def test_what_the_caller_may_not_see_is_not_found(
    api: Api, stranger: Api, mine: Life, theirs: Life
) -> None:
    absent = Life(api, str(uuid4()))
    for visibility, status in (("private", 404), ("unlisted", 200), ("public", 200)):
        theirs.edit(visibility=visibility)
        for route in ("chemistry", "chemistry.svg"):
            assert by_ids(api, mine, theirs, route=route).status == status
            assert by_ids(api, theirs, mine, route=route).status == status
        assert by_ids(stranger, theirs, mine).status == 404
        assert by_ids(api, mine, absent).status == by_ids(api, absent, mine).status == 404
    assert by_ids(api, mine, absent).code == "persona_not_found"


def test_by_the_user_only_a_public_persona_is_found(
    api: Api, stranger: Api, mine: Life, theirs: Life
) -> None:
    for visibility, status in (("public", 200), ("unlisted", 404), ("private", 404)):
        theirs.edit(visibility=visibility)
        assert with_user(api, stranger).status == status
    assert api.get(f"/social/chemistry?target_user_id={uuid4()}").status == 404


def test_a_persona_that_is_taken_back_is_gone_at_once(api: Api, mine: Life, theirs: Life) -> None:
    assert by_ids(api, mine, theirs).status == 200
    theirs.edit(visibility="private")
    assert by_ids(api, mine, theirs).status == 404
    theirs.edit(visibility="public")
    assert by_ids(api, mine, theirs).status == 200
    theirs.owner.delete(theirs.path)
    assert by_ids(api, mine, theirs).status == 404


def test_new_traits_are_a_new_answer(api: Api, mine: Life, theirs: Life, session: Session) -> None:
    before = by_ids(api, mine, theirs).json
    set_traits(session, mine, 0.35, 0.85, 0.75, 0.70, 0.80)
    after = by_ids(api, mine, theirs).json
    assert after["score"] > before["score"]


@pytest.fixture
def cache(stack: Stack) -> Iterator[Redis]:
    with Redis.from_url(stack.env["REDIS_URL"]) as client:
        yield client


def test_what_is_kept_serves_until_the_profiles_change_and_rubbish_is_made_anew(
    api: Api, mine: Life, theirs: Life, cache: Redis
) -> None:
    for key in cache.keys("*chemistry:*"):
        cache.delete(key)
    before = by_ids(api, mine, theirs).json
    (key,) = cache.keys("*chemistry:*")
    kept = cache.get(key)
    for rubbish in (b"rubbish", b"{}", b"\x00" * 40):
        cache.set(key, rubbish)
        assert by_ids(api, mine, theirs).json == before
    assert cache.get(key) != rubbish
    assert kept is not None
    assert b"give or take" not in kept


def test_without_the_cache_the_answer_is_the_same(api: Api, mine: Life, theirs: Life) -> None:
    before = by_ids(api, mine, theirs).json
    with settings_with(REDIS_URL="redis://127.0.0.1:9/0"):
        assert by_ids(api, mine, theirs).json == before
        assert by_ids(api, mine, theirs, route="chemistry.svg").status == 200


def test_what_has_no_traits_is_not_ready(api: Api, stranger: Api, mine: Life, theirs: Life) -> None:
    unmade = Life(api, api.generate("Charles").json["persona_id"])
    assert (by_ids(api, unmade, theirs).status, by_ids(api, unmade, theirs).code) == (
        409,
        "not_ready",
    )
    assert with_user(api, stranger).status == 409


def test_who_has_no_persona_is_not_ready(visitor: Api, stranger: Api, theirs: Life) -> None:
    somebody = Api.signed_in(visitor.env)
    assert (with_user(somebody, stranger).status, with_user(somebody, stranger).code) == (
        409,
        "not_ready",
    )


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?a={mine}",
        "?b={mine}",
        "?a={mine}&b={mine}",
        "?a={mine}&b={other}&target_user_id={other}",
        "?a={mine}&target_user_id={other}",
        "?target_user_id={me}",
        "?a=x&b=y",
        "?target_user_id={other}&colour=red",
    ],
)
def test_what_is_no_pair_is_refused(api: Api, mine: Life, query: str) -> None:
    asked = query.format(mine=mine.id, me=api.user["id"], other=uuid4())
    for route in ("chemistry", "chemistry.svg"):
        answer = api.get(f"/social/{route}{asked}")
        assert (answer.status, answer.code) == (422, "invalid")


def test_the_picture_says_what_the_answer_says(api: Api, mine: Life, theirs: Life) -> None:
    answer, told = by_ids(api, mine, theirs, route="chemistry.svg"), by_ids(api, mine, theirs).json
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    root = ET.fromstring(answer.text)  # noqa: S314
    assert root.attrib["role"] == "img"
    title, description = root.findtext(f"{SVG}title"), root.findtext(f"{SVG}desc")
    assert title == "Ada and Grace, two AI personas: 46 of 100"
    assert description is not None
    assert told["summary"] in description
    assert told["caveat"] in description
    texts = [each.text for each in root.iter(f"{SVG}text")]
    assert {"Ada", "Grace", "46", "\u00b1 8", "\u22124.3", "+4.2", "\u25cf 80   \u25a0 35"} <= {
        *texts
    }
    outlines = [each for each in root.iter(f"{SVG}path") if each.get("stroke-width") == "4"]
    assert ["stroke-dasharray" in each.attrib for each in outlines] == [False, True]
    assert pixels(answer.text).size == (1080, 1350)


def test_a_name_in_the_picture_is_only_a_name(
    api: Api, mine: Life, theirs: Life, session: Session
) -> None:
    hostile = sa.update(Persona).where(Persona.id == theirs.id).values(name=HOSTILE)
    session.execute(hostile)
    drawn = by_ids(api, mine, theirs, route="chemistry.svg").text
    require_inert(drawn)
    assert "<script" not in drawn
    assert HOSTILE in (ET.fromstring(drawn).findtext(f"{SVG}title") or "")  # noqa: S314


def test_the_description_of_the_api_calls_it_a_picture(api: Api) -> None:
    paths = api.get("/openapi.json").json["paths"]
    content = paths["/social/chemistry.svg"]["get"]["responses"]["200"]["content"]
    assert list(content) == ["image/svg+xml"]
