"""A persona made of what friends answered, from the survey to the card."""

from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import Job
from local.vendors.control import Control
from tests.analyses.surveys import Survey, answers_at, open_survey, respond
from tests.client import Answer, Api
from tests.conftest import Log, Worker
from tests.workers.test_persona_generator import run_to_end

QUIET = answers_at(E=1, A=4, C=5, N=2, O=5)
WORDS = [
    {"one_word": "thoughtful", "come_to_for": "tea and patience", "known_for": "well, actually"},
    {"one_word": "precise"},
    {},
]


@pytest.fixture
def survey(api: Api) -> Survey:
    """A name nobody else has: faults and counts are told apart by it."""
    return open_survey(api, subject_name=f"Ada {uuid4().hex[:8]}")


def ask_friends(friend: Api, survey: Survey, words: list[dict[str, str]] = WORDS) -> None:
    for free_text in words:
        assert respond(friend, survey, answers=QUIET, free_text=free_text).status == 201


def generate(survey: Survey, **fields: Any) -> Answer:
    return survey.owner.post("/personas/generate", {"analysis_id": survey.id, **fields})


def mine(api: Api) -> dict[str, Any]:
    persona: dict[str, Any] = api.get("/personas/me").json["persona"]
    return persona


def checkpoint(session: Session, job_id: str) -> dict[str, Any]:
    return dict(session.scalar(sa.select(Job.checkpoint).where(Job.id == job_id)) or {})


def name_of(survey: Survey) -> str:
    return str(survey.owner.get(survey.path).json["subject_name"])


def test_from_the_survey_to_the_card(
    api: Api, visitor: Api, worker: Worker, survey: Survey
) -> None:
    ask_friends(visitor, survey)
    results = survey.results().json
    accepted = generate(survey, visibility="public")
    assert accepted.status == 202
    worker.work()
    persona = mine(api)
    assert (persona["name"], persona["source"]) == (name_of(survey), "analysis")
    assert (persona["analysis_id"], persona["description"]) == (str(survey.id), None)
    assert (persona["version"], persona["warnings"]) == (1, [])
    assert persona["title"]
    assert persona["motto"]
    assert persona["image"]["model"] == "dall-e"
    traits = persona["traits"]
    assert (traits["source"], traits["basis"], traits["n"]) == ("peer", "3 friends", 3)
    assert traits["reliability"] == {"value": 0.59, "label": "low"}
    assert (traits["instrument"], traits["scoring_version"]) == ("mini-ipip", 1)
    for name, score in results["traits"].items():
        measured = {key: score[key] for key in ("estimate", "observed", "se")}
        assert traits[name] == {**measured, "quote": None}


def test_the_summary_keeps_what_rests_on_a_trait_or_on_a_friends_words(
    api: Api, visitor: Api, worker: Worker, survey: Survey
) -> None:
    ask_friends(visitor, survey)
    generate(survey)
    worker.work()
    persona = mine(api)
    told = [text for each in WORDS for text in each.values()]
    claims = persona["evidence"]
    assert persona["summary"] == " ".join(claim["sentence"] for claim in claims)
    assert len(claims) == 3
    for claim in claims:
        assert claim["trait"] in persona["traits"] or claim["quote"] in told


def test_the_own_instructions_come_from_the_scores(
    api: Api, visitor: Api, worker: Worker, survey: Survey
) -> None:
    ask_friends(visitor, survey)
    generate(survey)
    worker.work()
    persona = mine(api)
    lines = persona["system_prompt"].splitlines()
    assert persona["traits"]["extraversion"]["estimate"] == 0.24
    assert "- extraversion: quiet, reserved and withdrawn." in lines
    assert "- openness: very curious, very imaginative and very inventive." in lines
    assert persona["archetype"]["id"] == "thinker"
    assert persona["archetype"]["explanation"].startswith("The Thinker, mostly because of ")


def test_the_card_says_who_says_so(api: Api, visitor: Api, worker: Worker, survey: Survey) -> None:
    ask_friends(visitor, survey)
    generate(survey, visibility="unlisted")
    worker.work()
    persona = mine(api)
    card = visitor.get(f"/personas/{persona['id']}").json
    for shown in ("title", "archetype", "fidelity", "traits", "summary"):
        assert card[shown] == persona[shown]
    assert not card.keys() & {"evidence", "system_prompt", "analysis_id", "description"}


@pytest.mark.parametrize(
    ("body", "loc", "says"),
    [
        ({}, "analysis_id", "either a `description` or an `analysis_id`"),
        ({"name": "Ada"}, "analysis_id", "either a `description` or an `analysis_id`"),
        (
            {"name": "Ada", "description": "Kind.", "analysis_id": str(uuid4())},
            "analysis_id",
            "either a `description` or an `analysis_id`",
        ),
        ({"description": "Kind."}, "name", "a description needs a name"),
        ({"analysis_id": "nonsense"}, "analysis_id", "valid UUID"),
        ({"analysis_id": str(uuid4()), "name": ""}, "name", "at least 1 character"),
    ],
)
def test_a_persona_is_made_of_one_of_two(
    api: Api, body: dict[str, str], loc: str, says: str
) -> None:
    answer = api.post("/personas/generate", body)
    assert (answer.status, answer.code) == (422, "invalid")
    [error] = answer.json["errors"]
    assert error["loc"] == [loc]
    assert says in error["msg"]


def test_the_analysis_of_another_is_as_one_that_is_not_there(
    api: Api, stranger: Api, visitor: Api, survey: Survey
) -> None:
    ask_friends(visitor, survey)
    theirs = stranger.post("/personas/generate", {"analysis_id": str(survey.id)})
    missing = stranger.post("/personas/generate", {"analysis_id": str(uuid4())})
    changing = {"instance", "request_id"}
    assert (theirs.status, missing.status) == (404, 404)
    assert {key: value for key, value in theirs.json.items() if key not in changing} == {
        key: value for key, value in missing.json.items() if key not in changing
    }
    assert stranger.get("/personas").json["items"] == []


def test_too_few_answers_say_how_many_are_missing(api: Api, visitor: Api, survey: Survey) -> None:
    ask_friends(visitor, survey, WORDS[:1])
    answer = generate(survey)
    assert (answer.status, answer.code, answer.json["missing"]) == (409, "too_few_responses", 2)
    assert answer.json["detail"].startswith("2 more valid answers are needed.")
    assert api.get("/personas").json["items"] == []
    assert api.get("/jobs").json["items"] == []


@pytest.mark.parametrize("status", ["closed", "archived"])
def test_an_analysis_that_has_ended_serves_as_well(
    api: Api, visitor: Api, worker: Worker, survey: Survey, status: str
) -> None:
    ask_friends(visitor, survey)
    assert api.patch(survey.path, {"status": status}).status == 200
    assert generate(survey).status == 202
    worker.work()
    assert mine(api)["traits"]["n"] == 3


def test_a_known_name_is_returned_and_made_anew_only_by_force(
    api: Api, visitor: Api, worker: Worker, survey: Survey
) -> None:
    described = api.generate("Ada").json["persona_id"]
    worker.work()
    ask_friends(visitor, survey)
    again = generate(survey, name="ada")
    assert (again.status, again.json["persona_id"]) == (200, described)
    forced = generate(survey, name="ada", force=True)
    assert (forced.status, forced.json["persona_id"]) == (202, described)
    assert mine(api)["source"] == "description"
    worker.work()
    persona = mine(api)
    assert (persona["name"], persona["source"], persona["version"]) == ("Ada", "analysis", 2)
    assert (persona["description"], persona["analysis_id"]) == (None, str(survey.id))
    api.generate("Ada", force=True)
    worker.work()
    persona = mine(api)
    assert (persona["source"], persona["analysis_id"]) == ("description", None)
    assert persona["traits"]["basis"] == "inferred from a description"


def test_what_a_friend_should_not_have_written_is_left_out(
    api: Api, visitor: Api, worker: Worker, ai: Control, survey: Survey
) -> None:
    insult = f"I will kill you {uuid4().hex[:8]}"
    ask_friends(visitor, survey, [*WORDS, {"known_for": insult}])
    generate(survey)
    worker.work()
    persona = mine(api)
    assert (persona["warnings"], persona["traits"]["n"]) == (["words_left_out"], 4)
    assert ai.calls("moderation", contains=insult).attempts == 1
    assert ai.calls("text", contains=insult).attempts == 0
    assert ai.calls("image", contains=insult).attempts == 0
    assert any(claim["quote"] for claim in persona["evidence"])


@pytest.mark.parametrize(
    ("kind", "times"),
    [
        ("refusal", 1),
        ("content_policy_violation", 1),
        ("cut_short", 1),
        ("schema_invalid", 2),
    ],
)
def test_no_friend_can_keep_the_model_from_writing(
    api: Api, visitor: Api, worker: Worker, ai: Control, survey: Survey, kind: str, times: int
) -> None:
    word = f"word{uuid4().hex[:8]}"
    ask_friends(visitor, survey, [{"one_word": word}, *WORDS[1:]])
    ai.fail("text", kind, contains=word, times=times)
    generate(survey)
    worker.work()
    persona = mine(api)
    assert persona["warnings"] == ["words_left_out"]
    assert word not in str(persona)
    assert ai.calls("text", contains=word).attempts == times


def test_what_the_owner_should_not_have_written_ends_the_job(
    api: Api, visitor: Api, worker: Worker, ai: Control, survey: Survey
) -> None:
    ask_friends(visitor, survey)
    name = f"How to poison {uuid4().hex[:8]}"
    job_id = generate(survey, name=name).json["job"]["id"]
    worker.work()
    assert api.get(f"/jobs/{job_id}").json["error"]["code"] == "content_policy"
    assert ai.calls("text", contains=name).attempts == 0


def test_the_friends_words_go_to_the_writer_alone(
    api: Api, visitor: Api, worker: Worker, session: Session, ai: Control, survey: Survey
) -> None:
    """Not to the portrait or the motto, into no checkpoint, and what was paid for is not again."""
    word = f"word{uuid4().hex[:8]}"
    ask_friends(visitor, survey, [{"one_word": word}, *WORDS[1:]])
    name = name_of(survey)
    ai.fail("text", "503", contains=name, times=2)
    job_id = generate(survey).json["job"]["id"]
    worker.deliver(job_id)
    assert word not in str(checkpoint(session, job_id))
    run_to_end(api, worker, job_id)
    assert ai.calls("text", contains=word).count == 1
    assert ai.calls("image", contains=word).attempts == 0
    assert ai.calls("text", contains=name).count == 3
    assert ai.calls("image", contains=name).count == 1


def test_who_answers_in_the_meantime_changes_nothing(
    api: Api, visitor: Api, worker: Worker, ai: Control, survey: Survey
) -> None:
    ask_friends(visitor, survey)
    ai.fail("text", "503", contains=name_of(survey), times=2)
    job_id = generate(survey).json["job"]["id"]
    worker.deliver(job_id)
    respond(visitor, survey, answers=answers_at(E=5, A=1, C=1, N=5, O=1))
    assert run_to_end(api, worker, job_id)["status"] == "succeeded"
    assert mine(api)["traits"]["n"] == 3
    assert survey.results().json["n"] == 4


def test_a_forced_generation_counts_everybody(
    api: Api, visitor: Api, worker: Worker, survey: Survey
) -> None:
    ask_friends(visitor, survey)
    generate(survey)
    worker.work()
    respond(visitor, survey, answers=QUIET)
    generate(survey, force=True)
    worker.work()
    assert mine(api)["traits"]["basis"] == "4 friends"


def test_an_analysis_that_is_deleted_before_it_was_scored_ends_the_job(
    api: Api, visitor: Api, worker: Worker, survey: Survey
) -> None:
    ask_friends(visitor, survey)
    job_id = generate(survey).json["job"]["id"]
    assert api.request("DELETE", survey.path).status == 204
    worker.work()
    assert api.get(f"/jobs/{job_id}").json["error"]["code"] == "analysis_not_found"


def test_an_analysis_that_is_deleted_after_it_was_scored_leaves_its_scores(
    api: Api, visitor: Api, worker: Worker, ai: Control, survey: Survey
) -> None:
    ask_friends(visitor, survey)
    ai.fail("text", "503", contains=name_of(survey), times=2)
    job_id = generate(survey).json["job"]["id"]
    worker.deliver(job_id)
    assert api.request("DELETE", survey.path).status == 204
    assert run_to_end(api, worker, job_id)["status"] == "succeeded"
    persona = mine(api)
    assert (persona["analysis_id"], persona["traits"]["n"]) == (None, 3)
    assert [claim["quote"] for claim in persona["evidence"]] == [None, None]


def test_the_log_holds_nothing_that_friends_wrote(
    api: Api, visitor: Api, worker: Worker, ai: Control, survey: Survey, log: Log
) -> None:
    canary = f"canary{uuid4().hex[:8]}"
    ask_friends(visitor, survey, [{"known_for": canary}, {"one_word": f"nude {canary}"}, {}])
    ai.fail("text", "schema_invalid", contains="life of the party", times=2)
    generate(survey)
    worker.work()
    assert mine(api)["warnings"] == ["words_left_out", "fidelity_unmeasured"]
    assert "fidelity not measured" in log.text
    assert canary not in log.text
