"""The owner opens an analysis, watches it, and ends it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import Analysis, AnalysisResponse, TraitProfile
from tests.analyses.surveys import ANSWERS, ITEMS, collect, expire, open_survey, respond
from tests.client import Answer, Api


def days_left(answer: Answer) -> float:
    left = datetime.fromisoformat(answer.json["expires_at"]) - datetime.now(UTC)
    return left / timedelta(days=1)


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def test_a_new_analysis_has_a_link(api: Api) -> None:
    answer = api.post("/analyses", {})
    assert answer.status == 201
    made = answer.json
    assert made["share_url"] == f"http://localhost:5173/a/{made['share_token']}"
    assert len(made["share_token"]) == 43
    assert answer.headers["Location"] == f"/analyses/{made['id']}"
    assert (made["status"], made["response_count"], made["ready"]) == ("collecting", 0, False)
    assert (made["min_responses"], made["instrument"]) == (3, "mini-ipip")
    assert made["subject_name"] == api.user["display_name"]
    assert 29.9 < days_left(answer) <= 30


def test_what_is_asked_for_is_kept(api: Api) -> None:
    wish = {"subject_name": "Ada", "min_responses": 5, "expires_in_days": 7, "language": "en"}
    answer = api.post("/analyses", wish)
    assert (answer.json["subject_name"], answer.json["min_responses"]) == ("Ada", 5)
    assert 6.9 < days_left(answer) <= 7


def test_no_two_links_are_alike(api: Api, stranger: Api) -> None:
    tokens = [open_survey(each).token for each in (api, stranger)]
    assert tokens[0] != tokens[1]


def test_only_the_hash_of_the_link_is_stored(api: Api, session: Session) -> None:
    survey = open_survey(api)
    stored = session.scalars(
        sa.select(Analysis.share_token_hash).where(Analysis.id == survey.id)
    ).one()
    assert stored == sha256(survey.token.encode()).digest()


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"min_responses": 2}, "min_responses"),
        ({"min_responses": 21}, "min_responses"),
        ({"min_responses": "3"}, "min_responses"),
        ({"expires_in_days": 0}, "expires_in_days"),
        ({"expires_in_days": 91}, "expires_in_days"),
        ({"subject_name": ""}, "subject_name"),
        ({"subject_name": "a" * 81}, "subject_name"),
        ({"subject_name": "A\nda"}, "subject_name"),
        ({"language": "tlh"}, "language"),
        ({"user_id": str(uuid4())}, "user_id"),
    ],
)
def test_a_bad_wish_is_explained(api: Api, fields: dict[str, Any], name: str) -> None:
    answer = api.post("/analyses", fields)
    assert (answer.status, answer.code) == (422, "invalid")
    assert [error["loc"] for error in answer.json["errors"]] == [[name]]


def test_one_analysis_collects_at_a_time(api: Api) -> None:
    survey = open_survey(api)
    answer = api.post("/analyses", {})
    assert (answer.status, answer.code) == (409, "active_exists")
    assert api.get("/analyses/me").json["id"] == survey.id


def test_it_can_be_replaced(api: Api, visitor: Api) -> None:
    old = open_survey(api)
    new = api.post("/analyses?replace=true", {}).json
    assert api.get("/analyses/me").json["id"] == new["id"] != old.id
    assert api.get(old.path).json["status"] == "closed"
    assert visitor.get(old.link).status == 410


def test_a_bad_replace_is_explained(api: Api) -> None:
    answer = api.post("/analyses?replace=perhaps", {})
    assert answer.json["errors"][0]["loc"] == ["query", "replace"]


def test_fifty_at_once_open_one(api: Api, session: Session) -> None:
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: api.post("/analyses", {}), range(50)))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 49
    mine = sa.select(sa.func.count()).where(Analysis.user_id == api.user["id"])
    assert session.scalar(mine) == 1


@pytest.mark.parametrize("end", ["closed", "archived", "expired"])
def test_after_its_end_the_next_one_opens(api: Api, session: Session, end: str) -> None:
    survey = open_survey(api)
    if end == "expired":
        expire(session, survey)
    else:
        api.patch(survey.path, {"status": end})
    assert open_survey(api).id != survey.id


def test_without_an_analysis_there_is_none(api: Api) -> None:
    answer = api.get("/analyses/me")
    assert (answer.status, answer.code) == (404, "analysis_not_found")


def test_mine_says_how_far_it_is(api: Api, visitor: Api) -> None:
    survey = open_survey(api)
    seen = []
    for _ in range(5):
        mine = api.get("/analyses/me").json
        assert (mine["share_url"], mine["share_token"]) == (None, None)
        reliability = mine["reliability_if_generated_now"]
        seen.append((mine["response_count"], mine["ready"], mine["status"], *reliability.values()))
        collect(visitor, survey, ANSWERS)
    assert seen == [
        (0, False, "collecting", 0.0, "low"),
        (1, False, "collecting", 0.32, "low"),
        (2, False, "collecting", 0.48, "low"),
        (3, True, "ready_to_generate", 0.59, "low"),
        (4, True, "ready_to_generate", 0.65, "fair"),
    ]


def test_what_does_not_count_brings_it_no_nearer(api: Api, visitor: Api) -> None:
    survey = open_survey(api)
    for _ in range(3):
        respond(visitor, survey, answers=dict.fromkeys(ITEMS, 3))
    mine = api.get("/analyses/me").json
    assert (mine["response_count"], mine["ready"], mine["status"]) == (0, False, "collecting")


def test_an_ended_one_says_so_and_stays_ready(api: Api, visitor: Api, session: Session) -> None:
    survey = open_survey(api)
    collect(visitor, survey, ANSWERS, ANSWERS, ANSWERS)
    expire(session, survey)
    mine = api.get("/analyses/me").json
    assert (mine["status"], mine["ready"]) == ("closed", True)
    api.patch(survey.path, {"status": "archived"})
    assert api.get("/analyses/me").status == 404
    assert api.get(survey.path).json["status"] == "archived"


def test_it_stays_open_after_the_minimum(api: Api, visitor: Api) -> None:
    survey = open_survey(api)
    collect(visitor, survey, *[ANSWERS] * 4)
    assert api.get(survey.path).json["response_count"] == 4


def test_a_new_link_makes_the_old_one_worthless(api: Api, visitor: Api) -> None:
    survey = open_survey(api)
    rotated = api.patch(survey.path, {"rotate_link": True}).json
    assert rotated["share_url"].endswith(f"/a/{rotated['share_token']}")
    assert visitor.get(survey.link).status == 404
    assert visitor.get(f"/analyses/{rotated['share_token']}").status == 200
    assert api.get(survey.path).json["share_url"] is None


def test_the_end_can_be_moved(api: Api, visitor: Api, session: Session) -> None:
    survey = open_survey(api)
    expire(session, survey)
    assert visitor.get(survey.link).status == 410
    answer = api.patch(survey.path, {"expires_at": in_days(3)})
    assert 2.9 < days_left(answer) <= 3
    assert visitor.get(survey.link).status == 200


@pytest.mark.parametrize(
    ("expires_at", "code"),
    [
        pytest.param(in_days(-1), "expiry_out_of_range", id="yesterday"),
        pytest.param(in_days(91), "expiry_out_of_range", id="in 91 days"),
        ("0001-01-01T00:00:00+14:00", "expiry_out_of_range"),
        ("9999-12-31T23:59:59-14:00", "expiry_out_of_range"),
        ("2026-12-01T00:00:00", "invalid"),
        ("soon", "invalid"),
    ],
)
def test_a_bad_end_is_explained(api: Api, expires_at: str, code: str) -> None:
    survey = open_survey(api)
    before = api.get(survey.path).json
    answer = api.patch(survey.path, {"expires_at": expires_at})
    assert (answer.status, answer.code) == (422, code)
    assert api.get(survey.path).json == before


@pytest.mark.parametrize("change", [{"rotate_link": True}, {"expires_at": in_days(3)}])
def test_a_closed_one_is_not_opened_again(api: Api, change: dict[str, Any]) -> None:
    survey = open_survey(api)
    api.patch(survey.path, {"status": "closed"})
    answer = api.patch(survey.path, change)
    assert (answer.status, answer.code) == (409, "not_collecting")


def test_what_is_archived_stays_so(api: Api) -> None:
    survey = open_survey(api)
    api.patch(survey.path, {"status": "archived"})
    assert api.patch(survey.path, {"status": "closed"}).code == "not_collecting"
    assert api.patch(survey.path, {"status": "archived"}).status == 200


@pytest.mark.parametrize("body", [{"status": "collecting"}, {"min_responses": 3}, {"user_id": "x"}])
def test_what_cannot_be_changed_is_refused(api: Api, body: dict[str, Any]) -> None:
    survey = open_survey(api)
    assert api.patch(survey.path, body).code == "invalid"


def test_what_is_left_out_stays(api: Api) -> None:
    survey = open_survey(api)
    before = api.get(survey.path).json
    assert api.patch(survey.path, {}).json == before


def test_deleting_takes_everything_with_it(api: Api, visitor: Api, session: Session) -> None:
    survey = open_survey(api)
    collect(visitor, survey, ANSWERS)
    survey.put_self(ANSWERS)
    answer = api.request("DELETE", survey.path)
    assert (answer.status, answer.text) == (204, "")
    for table in (AnalysisResponse, TraitProfile):
        left = sa.select(sa.func.count()).where(table.analysis_id == survey.id)
        assert session.scalar(left) == 0
    assert api.request("DELETE", survey.path).status == 404


def test_my_list_is_mine_page_by_page(api: Api, stranger: Api, visitor: Api) -> None:
    made = []
    for number in range(3):
        survey = open_survey(api, subject_name=f"Ada {number}")
        respond(visitor, survey)
        made.append(survey.id)
        api.patch(survey.path, {"status": "closed"})
    first = api.get("/analyses?limit=2").json
    second = api.get(f"/analyses?limit=2&cursor={first['next_cursor']}").json
    assert [each["id"] for each in (*first["items"], *second["items"])] == made[::-1]
    assert {each["response_count"] for each in first["items"]} == {1}
    assert second["next_cursor"] is None
    assert stranger.get("/analyses").json == {"items": [], "next_cursor": None}


def test_the_same_path_shows_each_what_is_theirs(api: Api, stranger: Api, visitor: Api) -> None:
    survey = open_survey(api)
    assert "response_count" in api.get(survey.path).json
    assert {stranger.get(survey.path).status, visitor.get(survey.path).status} == {404}
    for anybody in (api, stranger, visitor):
        assert "questions" in anybody.get(survey.link).json
