"""The lists of public personas: who is in them, in which order, and page by page."""

import base64
import json
import math
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from chalicelib.core.models import FeedEntry, Persona, Visibility
from chalicelib.social.feed import cursors
from chalicelib.social.feed.cursors import InvalidCursor, Position
from tests.client import Api
from tests.conftest import Worker
from tests.personas.lives import begin
from tests.social.listed import add_listed, engage, flat, ids, names, new_tag, page, walk

SORTS = ("hot", "top", "new")


def sealed(*content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def test_a_public_persona_is_in_the_lists_with_what_a_card_shows(
    api: Api, visitor: Api, worker: Worker
) -> None:
    tag = new_tag()
    life = begin(api, worker, "Ada", visibility="public")
    life.edit(tags=[tag, "Night  Owls"])
    (found,) = page(visitor, f"tag={tag}")["items"]
    now = life.now
    assert found["image"]["url"].startswith("http")
    assert {**found, "image": None, "listed_at": None} == {
        "id": life.id,
        "name": "Ada",
        "ai_generated": True,
        "source": "description",
        "title": now["title"],
        "motto": now["motto"],
        "archetype": now["archetype"]["name"],
        "basis": "inferred from a description",
        "tags": [tag, "night-owls", now["archetype"]["id"]],
        "image": None,
        "listed_at": None,
        "score": 0,
        "counts": dict.fromkeys(("upvotes", "downvotes", "likes", "views", "shares"), 0),
    }
    assert life.id in ids(page(visitor, "sort=new"))


def test_only_who_has_opted_in_is_listed(api: Api, visitor: Api, session: Session) -> None:
    tag = new_tag()
    for visibility in (Visibility.PRIVATE, Visibility.UNLISTED):
        add_listed(session, api, tag, visibility=visibility)
    add_listed(session, api, tag, published_at=None)
    add_listed(session, api, tag, deleted_at=sa.func.now())
    assert page(visitor, f"tag={tag}")["items"] == []


def test_what_is_taken_back_is_gone_at_once_from_every_list(
    api: Api, visitor: Api, worker: Worker, paused_replica: None
) -> None:
    tag, name = new_tag(), f"Zx{uuid4().hex[:10]}"
    life = begin(api, worker, name, visibility="public")
    life.edit(tags=[tag])
    lists = ("sort=hot", "sort=new", f"tag={tag}", f"q={name}")
    for visibility in ("private", "unlisted"):
        assert all(life.id in ids(page(visitor, query)) for query in lists)
        life.edit(visibility=visibility)
        assert all(life.id not in ids(page(visitor, query)) for query in lists)
        life.edit(visibility="public")
    life.owner.delete(life.path)
    assert all(life.id not in ids(page(visitor, query)) for query in lists)


def test_a_change_is_in_the_lists_at_once(api: Api, visitor: Api, worker: Worker) -> None:
    tag, other = new_tag(), new_tag()
    life = begin(api, worker, "Ada", visibility="public")
    life.edit(tags=[tag])
    life.edit(name="Grace", motto="Ask twice.", tags=[other])
    assert page(visitor, f"tag={tag}")["items"] == []
    (found,) = page(visitor, f"tag={other}")["items"]
    assert (found["name"], found["motto"]) == ("Grace", "Ask twice.")


def test_being_made_anew_or_public_again_is_not_being_new(
    api: Api, visitor: Api, worker: Worker
) -> None:
    tag = new_tag()
    life = begin(api, worker, "Ada", visibility="public")
    life.edit(tags=[tag])
    (before,) = page(visitor, f"tag={tag}")["items"]
    life.edit(visibility="private")
    life.edit(visibility="public")
    api.generate("Ada", force=True)
    worker.work()
    (after,) = page(visitor, f"tag={tag}")["items"]
    assert after["listed_at"] == before["listed_at"]


def test_each_order_is_its_own(api: Api, stranger: Api, visitor: Api, session: Session) -> None:
    tag = new_tag()
    old, new, loved = (add_listed(session, api, tag, name=name) for name in ("Old", "New", "Loved"))
    for persona_id, days in ((old, 9), (loved, 6)):
        session.execute(
            sa.update(FeedEntry)
            .where(FeedEntry.persona_id == persona_id)
            .values(listed_at=FeedEntry.listed_at - timedelta(days=days))
        )
    engage(stranger, loved, "upvote")
    engage(stranger, new, "downvote")
    assert names(page(visitor, f"tag={tag}&sort=new")) == ["New", "Loved", "Old"]
    assert names(page(visitor, f"tag={tag}&sort=top")) == ["Loved", "Old", "New"]
    assert names(page(visitor, f"tag={tag}&sort=hot")) == ["New", "Loved", "Old"]
    assert names(page(visitor, f"tag={tag}")) == ["New", "Loved", "Old"]


@pytest.mark.parametrize(("up", "down"), [(0, 0), (1, 0), (10, 0), (100, 0), (0, 100), (7, 7)])
def test_hot_is_the_published_formula(api: Api, session: Session, up: int, down: int) -> None:
    persona_id = add_listed(session, api, new_tag())
    moved = sa.update(FeedEntry).where(FeedEntry.persona_id == persona_id)
    session.execute(moved.values(upvotes=up, downvotes=down))
    rows = session.execute(
        sa.select(FeedEntry.hot, FeedEntry.listed_at, FeedEntry.score).where(
            FeedEntry.persona_id == persona_id
        )
    ).all()
    for row in rows:
        score = up - down
        sign = (score > 0) - (score < 0)
        age = row.listed_at.timestamp() - 1134028003
        assert row.hot == pytest.approx(sign * math.log10(max(abs(score), 1)) + age / 45000)
        assert row.score == score


@pytest.mark.parametrize("sort", SORTS)
def test_pages_hold_everything_once_in_both_directions(
    api: Api, visitor: Api, session: Session, sort: str
) -> None:
    tag = new_tag()
    added = [add_listed(session, api, tag) for _ in range(11)]
    for number, persona_id in enumerate(added):
        moved = sa.update(FeedEntry).where(FeedEntry.persona_id == persona_id)
        session.execute(moved.values(upvotes=number % 3))
    query = f"tag={tag}&sort={sort}&limit=3"
    forth = list(walk(visitor, query))
    assert [len(each) for each in forth] == [3, 3, 3, 2]
    assert sorted(flat(forth)) == sorted(added)
    assert flat(forth) == ids(page(visitor, f"tag={tag}&sort={sort}&limit=25"))
    last = page(visitor, query)
    while last["next_cursor"]:
        last = page(visitor, f"{query}&cursor={last['next_cursor']}")
    back = list(walk(visitor, query, by="previous_cursor", start=last["previous_cursor"]))
    assert back == forth[-2::-1]


def test_pages_move_with_what_comes_and_goes(api: Api, visitor: Api, session: Session) -> None:
    tag = new_tag()
    kept = [add_listed(session, api, tag) for _ in range(6)]
    query = f"tag={tag}&sort=new&limit=2"
    first = page(visitor, query)
    add_listed(session, api, tag)
    gone = sa.update(Persona).where(Persona.id == kept[4])
    session.execute(gone.values(visibility=Visibility.PRIVATE))
    rest = flat(walk(visitor, query, start=first["next_cursor"]))
    assert ids(first) + rest == kept[::-1]


def test_a_page_that_has_emptied_leads_back(api: Api, visitor: Api, session: Session) -> None:
    tag = new_tag()
    added = [add_listed(session, api, tag) for _ in range(3)]
    query = f"tag={tag}&sort=new&limit=2"
    cursor = page(visitor, query)["next_cursor"]
    gone = sa.update(Persona).where(Persona.id == added[0])
    session.execute(gone.values(visibility=Visibility.PRIVATE))
    empty = page(visitor, f"{query}&cursor={cursor}")
    assert (empty["items"], empty["next_cursor"]) == ([], None)
    before = page(visitor, f"{query}&cursor={empty['previous_cursor']}")
    assert ids(before) == [added[2]]


IDENTITY = UUID(int=1).hex


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%00",
        "====",
        "\u00e9",
        "a" * 401,
        sealed(),
        sealed("hot:", True, 1.0),
        sealed("hot:", 1, 1.0, IDENTITY),
        sealed("top:", True, 1, IDENTITY),
        sealed("hot:other", True, 1.0, IDENTITY),
        sealed("hot:", True, "1.0", IDENTITY),
        sealed("hot:", True, None, IDENTITY),
        sealed("hot:", True, [1.0], IDENTITY),
        sealed("hot:", True, float("inf"), IDENTITY),
        sealed("hot:", True, float("nan"), IDENTITY),
        sealed("hot:", True, 1.0, "nobody"),
        sealed("hot:", True, 1.0, 7),
        sealed("hot:", True, 1.0, None),
        base64.urlsafe_b64encode(b"[" * 250).decode(),
    ],
)
def test_a_cursor_of_another_list_is_refused(visitor: Api, cursor: str) -> None:
    answer = visitor.get(f"/social/feed?cursor={cursor}")
    assert (answer.status, answer.code) in {(422, "invalid_cursor"), (422, "invalid")}


@pytest.mark.parametrize(
    ("query", "content"),
    [
        ("sort=top", ("top:", True, 2**60, IDENTITY)),
        ("sort=top", ("top:", True, 1.5, IDENTITY)),
        ("sort=top", ("top:", True, True, IDENTITY)),
        ("sort=new", ("new:", True, "2026-01-01", IDENTITY)),
        ("sort=new", ("new:", True, "yesterday", IDENTITY)),
        ("sort=new", ("new:", True, 7, IDENTITY)),
        ("sort=new", ("new:", True, "0001-01-01T00:00:00+23:59", IDENTITY)),
        ("sort=new", ("new:", True, "9999-12-31T23:59:59-23:59", IDENTITY)),
    ],
)
def test_a_cursor_with_another_value_is_refused(
    visitor: Api, query: str, content: tuple[Any, ...]
) -> None:
    answer = visitor.get(f"/social/feed?{query}&cursor={sealed(*content)}")
    assert (answer.status, answer.code) == (422, "invalid_cursor")


def test_a_moment_is_the_same_wherever_it_is_told(visitor: Api) -> None:
    for told in ("2026-01-01T00:00:00+23:59", "2026-01-01T00:00:00-23:59"):
        cursor = sealed("new:", True, told, IDENTITY)
        assert isinstance(page(visitor, f"sort=new&cursor={cursor}")["items"], list)


@given(st.text(max_size=60))
def test_no_text_is_taken_for_a_cursor(text: str) -> None:
    for kind in (float, int):
        with pytest.raises(InvalidCursor):
            cursors.decode(text, listing="hot:", kind=kind)


FLOATS = st.floats(allow_nan=False, allow_infinity=False)


@given(st.builds(Position, FLOATS, st.uuids(), st.booleans()))
def test_a_cursor_comes_back_as_it_was(position: Position) -> None:
    sent = cursors.encode(position, listing="hot:x")
    assert cursors.decode(sent, listing="hot:x", kind=float) == position


@pytest.mark.parametrize(
    "query",
    [
        *("sort=old", "limit=0", "limit=26", "limit=x", "tag=", "tag=a", "tag=a%2Fb", "page=2"),
        *("q=", "q=ab", "q=a%20b%20c", "q=%25%25%25", "q=abc&sort=new", "q=abc&tag=abc"),
        "q=" + "x" * 101,
    ],
)
def test_what_is_no_list_is_refused(visitor: Api, query: str) -> None:
    answer = visitor.get(f"/social/feed?{query}")
    assert (answer.status, answer.code) == (422, "invalid")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (["Sea", "sea", "#SEA"], ["sea"]),
        (["Night  owls"], ["night-owls"]),
        (["caf\u00e9", "\u6d77\u8fb9"], ["caf\u00e9", "\u6d77\u8fb9"]),
        ([], []),
    ],
)
def test_tags_are_folded(api: Api, session: Session, sent: list[str], kept: list[str]) -> None:
    path = f"/personas/{add_listed(session, api, new_tag())}"
    answer = api.patch(path, {"tags": sent}, if_match="*")
    assert (answer.status, answer.json["tags"]) == (200, kept)


@pytest.mark.parametrize(
    "tags", [["a"], ["x" * 31], ["a/b"], [""], ["<b>"], list("abcdef"), ["aa"] * 6, "sea", [7]]
)
def test_what_is_no_tag_is_refused(api: Api, session: Session, tags: object) -> None:
    path = f"/personas/{add_listed(session, api, new_tag())}"
    answer = api.patch(path, {"tags": tags}, if_match="*")
    assert (answer.status, answer.code) == (422, "invalid")
