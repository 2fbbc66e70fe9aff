"""Asking for a persona: what is accepted, and what it becomes."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from chalicelib.core.models import User
from tests.client import Api, insist
from tests.conftest import Worker


def test_a_wish_is_accepted_with_its_job(api: Api) -> None:
    answer = api.generate()
    job = answer.json["job"]
    assert (answer.status, answer.json["generation_status"]) == (202, "pending")
    assert answer.headers["Location"] == f"/jobs/{job['id']}"
    assert answer.headers["Retry-After"] == "2"
    assert (job["status"], job["done"], job["progress"]) == ("queued", False, 0)
    assert job["links"]["result"] == f"/personas/{answer.json['persona_id']}"


def test_a_described_person_becomes_a_persona(api: Api, worker: Worker) -> None:
    api.generate("Ada", motto_tone="sombre")
    worker.work()
    mine = api.get("/personas/me").json
    persona = mine["persona"]
    assert (mine["generation_status"], mine["generation"]["progress"]) == ("ready", 100)
    assert (persona["name"], persona["motto_tone"], persona["version"]) == ("Ada", "sombre", 1)
    assert persona["motto"]
    assert persona["summary"]
    assert persona["greeting"]
    assert len(persona["examples"]) == 3
    assert set(persona["style"]) == {"register", "humour", "length", "emoji"}
    assert persona["system_prompt"].startswith("You are Ada, an AI persona.")
    assert persona["image"]["mime"] == "image/jpeg"
    assert (persona["warnings"], persona["ai_generated"]) == ([], True)


def test_inferred_traits_say_so_and_quote_only_what_was_said(api: Api, worker: Worker) -> None:
    description = "Ada is curious, calm and kind."
    api.generate("Ada", description=description)
    worker.work()
    traits = api.get("/personas/me").json["persona"]["traits"]
    assert (traits["source"], traits["basis"]) == ("inferred", "inferred from a description")
    for name in ("openness", "conscientiousness", "extraversion", "agreeableness"):
        assert 0 <= traits[name]["estimate"] <= 1
        assert traits[name]["se"] == 0.2
        assert traits[name]["quote"] is None or traits[name]["quote"].lower() in description.lower()


@pytest.mark.parametrize("model", ["dall-e", "openjourney"])
def test_the_wanted_model_draws(api: Api, worker: Worker, model: str) -> None:
    api.generate("Ada", image_model=model)
    worker.work()
    image = api.get("/personas/me").json["persona"]["image"]
    assert (image["model"], image["requested_model"]) == (model, model)
    assert (image["width"], image["height"]) == (1024, 1024)


def test_the_motto_follows_the_tone(api: Api, worker: Worker) -> None:
    mottos = set()
    for tone in ("neutral", "sarcastic", "comical", "sombre"):
        api.generate("Ada", motto_tone=tone, force=True)
        worker.work()
        mottos.add(api.get("/personas/me").json["persona"]["motto"])
    assert len(mottos) == 4


@pytest.mark.parametrize("again", ["Ada", " ada ", "ADA", "\uff21da"])
def test_a_known_name_returns_the_persona(api: Api, worker: Worker, again: str) -> None:
    first = api.generate("Ada").json
    worker.work()
    answer = api.generate(again, description="Somebody else entirely.")
    assert answer.status == 200
    assert answer.json["persona_id"] == first["persona_id"]
    assert answer.json["generation_status"] == "ready"
    assert worker.work() == 0


def test_spaces_inside_a_name_are_folded(api: Api) -> None:
    first = api.generate("Ada  Lovelace").json
    assert api.generate("ada lovelace").json["persona_id"] == first["persona_id"]


def test_a_known_name_can_be_waited_for(api: Api) -> None:
    first = api.generate().json
    again = api.generate()
    assert (again.status, again.json["job"]["id"]) == (200, first["job"]["id"])
    assert again.json["generation_status"] == "pending"


def test_a_name_is_unique_per_owner_only(api: Api, stranger: Api) -> None:
    assert api.generate("Ada").json["persona_id"] != stranger.generate("Ada").json["persona_id"]


def test_force_adds_a_new_image_and_motto(api: Api, worker: Worker) -> None:
    api.generate("Ada")
    worker.work()
    before = api.get("/personas/me").json["persona"]
    answer = api.generate("Ada", force=True, description="Ada is loud.", motto_tone="comical")
    assert answer.status == 202
    assert answer.json["persona_id"] == before["id"]
    worker.work()
    after = api.get("/personas/me").json["persona"]
    assert after["image"]["id"] != before["image"]["id"]
    assert after["motto"] != before["motto"]
    assert (after["version"], after["description"]) == (2, "Ada is loud.")


def test_force_keeps_the_visibility_that_it_does_not_name(api: Api, worker: Worker) -> None:
    api.generate("Ada", visibility="public")
    worker.work()
    api.generate("Ada", force=True)
    worker.work()
    assert api.get("/personas/me").json["persona"]["visibility"] == "public"


def test_force_waits_for_a_generation_that_runs(api: Api) -> None:
    api.generate("Ada")
    answer = api.generate("Ada", force=True)
    assert (answer.status, answer.code) == (409, "generation_in_progress")
    assert answer.headers["Retry-After"] == "2"


def test_fifty_wishes_at_once_make_one_persona_and_one_job(api: Api) -> None:
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: insist(lambda: api.generate("Ada")), range(50)))
    assert sorted({answer.status for answer in answers}) == [200, 202]
    assert len({answer.json["persona_id"] for answer in answers}) == 1
    assert len(api.get("/jobs").json["items"]) == 1


def test_what_was_asked_for_last_is_my_persona(api: Api) -> None:
    api.generate("Ada")
    grace = api.generate("Grace").json["persona_id"]
    assert api.get("/auth/me").json["primary_persona_id"] == grace


def test_a_user_who_is_gone_makes_nothing(api: Api, session: Session) -> None:
    session.execute(delete(User).where(User.id == api.user["id"]))
    assert api.generate().code == "unauthenticated"
    assert api.get("/auth/me").code == "unauthenticated"
    assert api.get("/personas/me").json["generation_status"] == "none"
