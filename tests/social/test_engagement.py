"""Votes, likes, views, shares and reports: each counts as often as it says, however it races."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.db import transaction
from chalicelib.core.models import (
    Engagement,
    EngagementEvent,
    Persona,
    Target,
    User,
    Visibility,
)
from chalicelib.social.feed import engagement
from chalicelib.social.feed.schemas import EngagementCreate
from tests.client import Answer, Api, insist
from tests.social.listed import (
    add_listed,
    counted,
    engage,
    ids,
    new_tag,
    page,
    shown,
)
from tests.workers.doomed import wait_until

NOTHING = dict.fromkeys(("upvotes", "downvotes", "likes", "views", "shares"), 0)
UNDONE = {"vote": None, "liked": False, "viewed": False, "shared": False}


@pytest.fixture
def tag() -> str:
    return new_tag()


@pytest.fixture
def theirs(stranger: Api, session: Session, tag: str) -> str:
    """Somebody else's persona, listed."""
    return add_listed(session, stranger, tag)


def require_counted(session: Session, persona_id: str, *, rows: int = 2) -> dict[str, int]:
    """What the lists say is what was done, in every row."""
    expected = counted(session, persona_id)
    listed = shown(session, persona_id)
    assert len(listed) == rows
    assert all(each == expected for each in listed)
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
            tries = pool.map(lambda _: insist(lambda: engage(api, theirs, kind)), range(50))
            answers = list(tries)
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


def somebody_waits(session: Session) -> bool:
    return bool(
        session.scalar(
            sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        )
    )


def test_tags_and_votes_that_race_agree(
    api: Api, stranger: Api, session: Session, tag: str, theirs: str
) -> None:
    """A vote is under way, and not committed, when the persona gets a second tag."""
    upvote = EngagementCreate(
        target_type=Target.PERSONA, target_id=UUID(theirs), kind=Engagement.UPVOTE
    )
    change = {"tags": [tag, new_tag()]}
    with ThreadPoolExecutor(1) as pool:
        with transaction() as voting:
            engagement.engage(voting, caller_id=UUID(api.user["id"]), data=upvote)
            tagged = pool.submit(stranger.patch, f"/personas/{theirs}", change, if_match="*")
            wait_until(lambda: somebody_waits(session))
        assert tagged.result().status == 200
    assert require_counted(session, theirs, rows=3) == NOTHING | {"upvotes": 1}


def test_a_vote_for_what_is_being_taken_back_is_too_late(
    api: Api, session: Session, theirs: str
) -> None:
    hidden = sa.update(Persona).where(Persona.id == theirs).values(visibility="private")
    with ThreadPoolExecutor(1) as pool:
        with transaction() as hiding:
            hiding.execute(hidden)
            voted = pool.submit(engage, api, theirs, "upvote")
            wait_until(lambda: somebody_waits(session))
        assert (voted.result().status, voted.result().code) == (404, "persona_not_found")
    assert counted(session, theirs) == NOTHING


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
