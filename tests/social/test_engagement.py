"""Votes, likes, views, shares and reports: each counts as often as it says, however it races."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib import wiring
from chalicelib.core.cache import key_of
from chalicelib.core.models import EngagementEvent, ModerationItem, Persona, User, Visibility
from chalicelib.social.feed import trends
from tests.client import Answer, Api
from tests.conftest import Log
from tests.social.listed import (
    add_listed,
    counted,
    engage,
    ids,
    new_tag,
    page,
    report,
    shown,
)

NOTHING = dict.fromkeys(("upvotes", "downvotes", "likes", "views", "shares"), 0)
UNDONE = {"vote": None, "liked": False, "viewed": False, "shared": False}


@pytest.fixture
def tag() -> str:
    return new_tag()


@pytest.fixture
def theirs(stranger: Api, session: Session, tag: str) -> str:
    """Somebody else's persona, listed."""
    return add_listed(session, stranger, tag)


def require_counted(session: Session, persona_id: str) -> dict[str, int]:
    """What the lists say is what was done, in every row."""
    expected = counted(session, persona_id)
    rows = shown(session, persona_id)
    assert len(rows) == 2
    assert all(row == expected for row in rows)
    return expected


@pytest.mark.parametrize(
    ("kinds", "counts", "mine"),
    [
        (["upvote"], {"upvotes": 1}, {"vote": "up"}),
        (["downvote"], {"downvotes": 1}, {"vote": "down"}),
        (["upvote", "upvote"], {}, {}),
        (["downvote", "downvote"], {}, {}),
        (["upvote", "downvote"], {"downvotes": 1}, {"vote": "down"}),
        (["downvote", "upvote", "downvote"], {"downvotes": 1}, {"vote": "down"}),
        (["upvote", "downvote", "downvote"], {}, {}),
        (["like"], {"likes": 1}, {"liked": True}),
        (["like", "like"], {}, {}),
        (["like", "upvote"], {"likes": 1, "upvotes": 1}, {"liked": True, "vote": "up"}),
        (["view", "view", "view"], {"views": 1}, {"viewed": True}),
        (["share", "share"], {"shares": 1}, {"shared": True}),
    ],
)
def test_what_is_done_is_counted(
    api: Api,
    session: Session,
    theirs: str,
    kinds: list[str],
    counts: dict[str, int],
    mine: dict[str, object],
) -> None:
    for kind in kinds:
        answer = engage(api, theirs, kind)
        assert answer.status == 200
    assert answer.json["counts"] == NOTHING | counts
    assert answer.json["mine"] == UNDONE | mine
    assert answer.json["score"] == counts.get("upvotes", 0) - counts.get("downvotes", 0)
    assert require_counted(session, theirs) == NOTHING | counts


def test_a_vote_moves_the_persona_in_its_lists(
    api: Api, stranger: Api, visitor: Api, session: Session, tag: str
) -> None:
    first, second = (add_listed(session, stranger, tag) for _ in range(2))
    assert ids(page(visitor, f"tag={tag}&sort=top")) == [second, first]
    engage(api, first, "upvote")
    assert ids(page(visitor, f"tag={tag}&sort=top")) == [first, second]
    engage(Api.signed_in(visitor.env), first, "upvote")
    assert ids(page(visitor, f"tag={tag}&sort=hot")) == [first, second]
    for kind in ("downvote", "downvote", "upvote", "downvote"):
        engage(api, first, kind)
    assert ids(page(visitor, f"tag={tag}&sort=top")) == [second, first]
    assert ids(page(visitor, f"tag={tag}&sort=hot")) == [second, first]


def test_a_view_counts_again_the_next_day(api: Api, session: Session, theirs: str) -> None:
    for kind in ("view", "share"):
        engage(api, theirs, kind)
    yesterday = sa.update(EngagementEvent).where(EngagementEvent.target_id == theirs)
    session.execute(yesterday.values(day=EngagementEvent.day - 1))
    engage(api, theirs, "view")
    answer = engage(api, theirs, "share")
    assert answer.json["counts"] == NOTHING | {"views": 2, "shares": 2}
    require_counted(session, theirs)


@pytest.mark.parametrize("kind", ["view", "share"])
def test_fifty_at_once_by_one_person_count_once(
    api: Api, session: Session, theirs: str, kind: str
) -> None:
    for _ in range(3):
        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(lambda _: engage(api, theirs, kind), range(50)))
        assert {answer.status for answer in answers} == {200}
        assert require_counted(session, theirs) == NOTHING | {f"{kind}s": 1}


def test_fifty_views_at_once_by_one_visitor_count_once(
    visitor: Api, session: Session, theirs: str
) -> None:
    token = engage(visitor, theirs, "view").json["visitor_token"]
    with ThreadPoolExecutor(50) as pool:
        list(pool.map(lambda _: engage(visitor, theirs, "view", visitor_token=token), range(50)))
    assert require_counted(session, theirs) == NOTHING | {"views": 1}


def test_fifty_people_at_once_are_all_counted(visitor: Api, session: Session, theirs: str) -> None:
    people = [Api.signed_in(visitor.env) for _ in range(10)]
    kinds = ("upvote", "like", "view", "share", "downvote")
    deeds = [(person, kind) for person in people for kind in kinds]
    random.Random(3).shuffle(deeds)  # noqa: S311 - the order of a test
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda deed: engage(deed[0], theirs, deed[1]), deeds))
    assert {answer.status for answer in answers} == {200}
    found = require_counted(session, theirs)
    assert found["upvotes"] + found["downvotes"] == 10
    assert (found["likes"], found["views"], found["shares"]) == (10, 10, 10)


def test_votes_that_race_leave_one_vote_or_none(api: Api, session: Session, theirs: str) -> None:
    for _ in range(3):
        kinds = ["upvote", "downvote"] * 25
        with ThreadPoolExecutor(50) as pool:
            answers: list[Answer] = list(pool.map(lambda kind: engage(api, theirs, kind), kinds))
        assert Counter(answer.status for answer in answers) == {200: 50}
        found = require_counted(session, theirs)
        assert found["upvotes"] + found["downvotes"] <= 1


def test_the_same_key_is_the_same_vote(api: Api, session: Session, theirs: str) -> None:
    body = {"target_type": "persona", "target_id": theirs, "kind": "upvote"}
    for _ in range(2):
        assert api.post("/social/engagement", body, idempotency_key="once").status == 200
    assert require_counted(session, theirs) == NOTHING | {"upvotes": 1}


def test_a_visitor_views_and_does_nothing_else(visitor: Api, session: Session, theirs: str) -> None:
    for kind in ("upvote", "downvote", "like", "share"):
        answer = engage(visitor, theirs, kind)
        assert (answer.status, answer.code) == (401, "unauthenticated")
    assert counted(session, theirs) == NOTHING


def test_a_visitors_view_counts_with_the_token_that_was_given(
    visitor: Api, session: Session, theirs: str
) -> None:
    first = engage(visitor, theirs, "view").json
    assert first["counts"] == NOTHING
    token = first["visitor_token"]
    for _ in range(2):
        answer = engage(visitor, theirs, "view", visitor_token=token).json
        assert (answer["counts"]["views"], answer["mine"]["viewed"]) == (1, True)
        assert answer["visitor_token"] == token
    other = engage(visitor, theirs, "view").json["visitor_token"]
    assert engage(visitor, theirs, "view", visitor_token=other).json["counts"]["views"] == 2
    stored = session.scalars(
        sa.select(sa.cast(EngagementEvent.actor_key, sa.Text)).where(
            EngagementEvent.target_id == theirs
        )
    ).all()
    assert not any(each.replace("-", "") in token for each in stored)


@pytest.mark.parametrize("spoil", ["", "x", ".", "a.b", "\u00e9.\u00e9", "{token}x", "x{token}"])
def test_a_token_that_was_not_given_here_is_refused(
    visitor: Api, session: Session, theirs: str, spoil: str
) -> None:
    token = spoil.format(token=engage(visitor, theirs, "view").json["visitor_token"])
    answer = engage(visitor, theirs, "view", visitor_token=token)
    if token:
        assert (answer.status, answer.code) == (422, "invalid")
    assert counted(session, theirs) == NOTHING


def test_owners_neither_vote_for_their_own_nor_count_as_viewers(
    stranger: Api, session: Session, theirs: str
) -> None:
    for kind in ("upvote", "downvote", "like"):
        answer = engage(stranger, theirs, kind)
        assert (answer.status, answer.code) == (403, "own_persona")
    assert engage(stranger, theirs, "view").status == 200
    engage(stranger, theirs, "share")
    assert require_counted(session, theirs) == NOTHING | {"shares": 1}


@pytest.mark.parametrize("visibility", [Visibility.PRIVATE, Visibility.UNLISTED])
def test_what_is_not_listed_takes_nothing(
    api: Api, stranger: Api, session: Session, visibility: Visibility
) -> None:
    hidden = add_listed(session, stranger, new_tag(), visibility=visibility)
    for persona_id in (hidden, str(uuid4())):
        for kind in ("upvote", "view"):
            answer = engage(api, persona_id, kind)
            assert (answer.status, answer.code) == (404, "persona_not_found")


def test_counts_outlast_being_hidden_and_reach_new_tags(
    api: Api, stranger: Api, session: Session, theirs: str
) -> None:
    for kind in ("upvote", "like", "view"):
        engage(api, theirs, kind)
    path = f"/personas/{theirs}"
    stranger.patch(path, {"visibility": "private"}, if_match="*")
    assert shown(session, theirs) == []
    stranger.patch(path, {"visibility": "public", "tags": [new_tag()]}, if_match="*")
    assert require_counted(session, theirs) == NOTHING | {"upvotes": 1, "likes": 1, "views": 1}


def test_tags_and_votes_that_race_agree(
    api: Api, stranger: Api, session: Session, theirs: str
) -> None:
    def retag(_: int) -> Answer:
        return stranger.patch(f"/personas/{theirs}", {"tags": [new_tag()]}, if_match="*")

    with ThreadPoolExecutor(20) as pool:
        tagged = [pool.submit(retag, number) for number in range(15)]
        voted = [pool.submit(engage, api, theirs, "upvote") for _ in range(31)]
    assert {each.result().status for each in (*tagged, *voted)} == {200}
    assert require_counted(session, theirs) == NOTHING | {"upvotes": 1}


def test_with_the_persona_goes_what_was_done_to_it(
    api: Api, stranger: Api, session: Session, theirs: str
) -> None:
    engage(api, theirs, "upvote")
    stranger.patch(f"/personas/{theirs}", {"visibility": "private"}, if_match="*")
    assert stranger.delete(f"/personas/{theirs}").status == 204
    assert (counted(session, theirs), shown(session, theirs)) == (NOTHING, [])


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "comment"},
        {"kind": None},
        {"target_type": "user"},
        {"target_id": "x"},
        {"visitor_token": "x" * 201},
        {"day": "2020-01-01"},
    ],
)
def test_what_is_no_engagement_is_refused(api: Api, theirs: str, change: dict[str, object]) -> None:
    body = {"target_type": "persona", "target_id": theirs, "kind": "like", **change}
    answer = api.post("/social/engagement", body)
    assert (answer.status, answer.code) == (422, "invalid")


def test_a_report_waits_for_somebody_to_decide(
    api: Api, session: Session, theirs: str, log: Log
) -> None:
    reason = f"It names my street {uuid4().hex}."
    answer = report(api, theirs, reason)
    assert (answer.status, answer.json["status"]) == (202, "open")
    item = session.get_one(ModerationItem, answer.json["id"])
    assert (str(item.target_id), item.reason, item.decided_by) == (theirs, reason, None)
    assert str(item.reporter_id) == api.user["id"]
    assert reason not in log.text


def test_one_reporter_has_one_open_item_for_a_target(
    api: Api, visitor: Api, session: Session, theirs: str
) -> None:
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda number: report(api, theirs, f"No. {number}"), range(50)))
    assert {answer.status for answer in answers} == {202}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert report(Api.signed_in(visitor.env), theirs).json["id"] != answers[0].json["id"]
    decided = sa.update(ModerationItem).where(ModerationItem.id == answers[0].json["id"])
    session.execute(decided.values(status="approved"))
    assert report(api, theirs).json["id"] != answers[0].json["id"]


def test_only_what_is_shown_and_not_ones_own_can_be_reported(
    api: Api, stranger: Api, session: Session, theirs: str
) -> None:
    assert (report(stranger, theirs).status, report(stranger, theirs).code) == (403, "own_persona")
    for visibility, status in (("unlisted", 202), ("private", 404)):
        hidden = sa.update(Persona).where(Persona.id == theirs).values(visibility=visibility)
        session.execute(hidden)
        assert report(api, theirs).status == status
    assert report(api, str(uuid4())).code == "persona_not_found"


@pytest.mark.parametrize("reason", ["", "  ", "x" * 1001, "\x00", None, 7])
def test_a_report_needs_a_reason(api: Api, theirs: str, reason: object) -> None:
    body = {"target_type": "persona", "target_id": theirs, "reason": reason}
    assert api.post("/social/reports", body).status == 422


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


def test_no_event_outlives_its_days_count(session: Session, api: Api, theirs: str) -> None:
    """The database itself refuses a second vote and a second view of a day."""
    engage(api, theirs, "upvote")
    engage(api, theirs, "view")
    again = sa.select(
        EngagementEvent.actor_key,
        EngagementEvent.target_type,
        EngagementEvent.target_id,
        EngagementEvent.day,
    ).where(EngagementEvent.target_id == theirs)
    for kind, other in (("upvote", "downvote"), ("upvote", "upvote"), ("view", "view")):
        row = session.execute(again.where(EngagementEvent.kind == kind)).one()
        values = dict(row._mapping) | {"kind": other}  # noqa: SLF001 - SQLAlchemy's public name
        with pytest.raises(sa.exc.IntegrityError):
            session.execute(sa.insert(EngagementEvent).values(values))
        session.rollback()
    assert session.get(User, api.user["id"]) is not None
