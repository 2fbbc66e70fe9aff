"""Trends: what was done in a window, by tag, and nothing else."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib import wiring
from chalicelib.core.cache import key_of
from chalicelib.core.models import EngagementEvent
from chalicelib.social.feed import trends
from tests.client import Api
from tests.social.listed import add_listed, engage, new_tag


@pytest.fixture
def tag() -> str:
    return new_tag()


def trend(visitor: Api, tag: str, window: str = "7d") -> dict[str, object] | None:
    """What is counted now: what was kept is forgotten first."""
    wiring.ports().cache.forget(key_of("trends", trends.FORM, window))
    answer = visitor.get(f"/social/trends?window={window}")
    assert answer.status == 200
    return next((each for each in answer.json["tags"] if each["tag"] == tag), None)


@pytest.fixture
def quiet(session: Session) -> None:
    """Nothing was done by anybody before."""
    session.execute(sa.delete(EngagementEvent))


def eventual_trend(visitor: Api, tag: str, count: int) -> dict[str, object]:
    found = None
    for _ in range(200):
        if (found := trend(visitor, tag)) and found["count"] == count:
            return found
    raise AssertionError(found)


def test_trends_count_what_was_done_and_nothing_else(
    api: Api, stranger: Api, visitor: Api, session: Session, tag: str, quiet: None
) -> None:
    first, second = (add_listed(session, stranger, tag) for _ in range(2))
    for persona_id, kind in ((first, "upvote"), (first, "like"), (second, "share")):
        engage(api, persona_id, kind)
    for kind in ("downvote", "view"):
        engage(api, second, kind)
    found = eventual_trend(visitor, tag, 3)
    assert found == {"tag": tag, "count": 3, "change": 3, "n": 2}
    answer = visitor.get("/social/trends").json
    assert (answer["events"], answer["complete"], answer["window"]) == (3, True, "7d")


def test_the_change_is_against_the_window_before(
    api: Api, stranger: Api, visitor: Api, session: Session, tag: str, quiet: None
) -> None:
    persona_id = add_listed(session, stranger, tag)
    for kind in ("upvote", "like"):
        engage(api, persona_id, kind)
    past = sa.update(EngagementEvent).where(EngagementEvent.target_id == persona_id)
    session.execute(past.values(created_at=EngagementEvent.created_at - timedelta(days=10)))
    engage(api, persona_id, "share")
    assert eventual_trend(visitor, tag, 1)["change"] == -1
    assert trend(visitor, tag, "1d") == {"tag": tag, "count": 1, "change": 1, "n": 1}
    assert trend(visitor, tag, "30d") == {"tag": tag, "count": 3, "change": 3, "n": 1}


def test_what_is_not_listed_any_more_is_no_trend(
    api: Api, stranger: Api, visitor: Api, session: Session, tag: str, quiet: None
) -> None:
    persona_id = add_listed(session, stranger, tag)
    engage(api, persona_id, "upvote")
    eventual_trend(visitor, tag, 1)
    stranger.patch(f"/personas/{persona_id}", {"visibility": "private"}, if_match="*")
    for _ in range(200):
        if trend(visitor, tag) is None:
            return
    raise AssertionError(tag)


def test_beyond_the_cap_no_change_is_told(
    api: Api, stranger: Api, visitor: Api, session: Session, tag: str, quiet: None
) -> None:
    persona_id = add_listed(session, stranger, tag)
    session.execute(
        sa.text(
            "INSERT INTO engagement_events (actor_key, target_type, target_id, kind, created_at) "
            "SELECT gen_random_uuid(), 'persona', :id, 'like', now() - n * interval '1 second' "
            "FROM generate_series(1, :most) AS n"
        ),
        {"id": persona_id, "most": trends.MOST_EVENTS + 5},
    )
    found = eventual_trend(visitor, tag, trends.MOST_EVENTS)
    assert (found["change"], found["n"]) == (None, 1)
    answer = visitor.get("/social/trends").json
    assert (answer["complete"], answer["events"]) == (False, trends.MOST_EVENTS)
    session.execute(sa.delete(EngagementEvent).where(EngagementEvent.target_id == persona_id))


def test_trends_are_counted_once_a_minute(
    api: Api, stranger: Api, visitor: Api, session: Session, tag: str, quiet: None
) -> None:
    persona_id = add_listed(session, stranger, tag)
    engage(api, persona_id, "upvote")
    eventual_trend(visitor, tag, 1)
    engage(api, persona_id, "like")
    answer = visitor.get("/social/trends")
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert [each["count"] for each in answer.json["tags"] if each["tag"] == tag] == [1]
    assert eventual_trend(visitor, tag, 2)["n"] == 1


@pytest.mark.parametrize("query", ["window=2d", "window=", "tag=x"])
def test_what_is_no_window_is_refused(visitor: Api, query: str) -> None:
    assert visitor.get(f"/social/trends?{query}").status == 422
