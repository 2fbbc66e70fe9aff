"""A new portrait leaves the motto alone, a new motto the portrait; each is paid for once."""

import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import Persona, PersonaImage
from chalicelib.workers.sweeper import sweep
from local.vendors.control import Control
from tests.client import Api
from tests.conftest import Worker
from tests.personas.lives import Life, begin
from tests.workers.doomed import LEASE_SECONDS, doomed_worker, kill_when

MANY = 30


@pytest.fixture
def name() -> str:
    """A name nobody else has: faults and counts are told apart by it."""
    return f"Ada {uuid4().hex[:8]}"


@pytest.fixture
def life(api: Api, worker: Worker, name: str) -> Life:
    return begin(api, worker, name)


def run_to_end(life: Life, worker: Worker, job_id: str) -> dict[str, Any]:
    for _ in range(4):
        worker.deliver(job_id)
    job: dict[str, Any] = life.owner.get(f"/jobs/{job_id}").json
    assert job["done"], job
    return job


def content(life: Life, *but: str) -> dict[str, Any]:
    """The persona, without what a renewal may change."""
    return {key: value for key, value in life.now.items() if key not in {"version", *but}}


def portrait(session: Session, life: Life) -> dict[str, Any]:
    """The current image's whole row."""
    query = sa.select(*PersonaImage.__table__.columns).join(
        Persona, Persona.current_image_id == PersonaImage.id
    )
    return dict(session.execute(query.where(Persona.id == UUID(life.id))).one()._mapping)  # noqa: SLF001


def test_a_new_portrait_leaves_everything_else_alone(
    life: Life, worker: Worker, session: Session
) -> None:
    before, motto = content(life, "image"), life.now["motto"].encode()
    seen, old = life.etag, portrait(session, life)
    job = life.renew(worker, "images", image_model="openjourney")
    assert (job["kind"], job["status"]) == ("draw_image", "succeeded")
    assert job["result"] == {"persona_id": life.id}
    assert job["links"]["result"] == life.path
    assert content(life, "image") == before
    assert life.now["motto"].encode() == motto
    image = life.now["image"]
    assert (image["model"], image["requested_model"]) == ("openjourney", "openjourney")
    assert (len(life.images), life.now["version"]) == (2, 2)
    assert life.images[1]["id"] == str(old["id"])
    assert life.edit(if_match=seen, motto="Too late.").status == 412


def test_a_new_motto_leaves_everything_else_alone(
    life: Life, worker: Worker, session: Session
) -> None:
    before, old = content(life, "motto", "motto_tone", "image"), portrait(session, life)
    picture = requests.get(life.now["image"]["url"], timeout=5).content
    job = life.renew(worker, "motto", tone="sombre")
    assert (job["kind"], job["status"]) == ("write_motto", "succeeded")
    assert content(life, "motto", "motto_tone", "image") == before
    assert life.now["motto"] != old["motto"]
    assert life.now["motto_tone"] == "sombre"
    assert portrait(session, life) == old
    assert requests.get(life.now["image"]["url"], timeout=5).content == picture


def test_a_motto_without_a_tone_keeps_the_tone(api: Api, worker: Worker) -> None:
    life = begin(api, worker, motto_tone="comical")
    life.edit(motto="By hand.")
    life.renew(worker, "motto")
    assert (life.now["motto_tone"], life.now["motto"] != "By hand.") == ("comical", True)


@pytest.mark.parametrize("part", ["images", "motto"])
def test_the_persona_stays_ready_while_a_part_is_made(life: Life, part: str) -> None:
    before = content(life, "image")
    answer = life.ask(part)
    assert (answer.status, answer.json["persona_id"]) == (202, life.id)
    assert answer.headers["Location"] == f"/jobs/{answer.json['job']['id']}"
    assert answer.headers["Retry-After"] == "2"
    mine = life.owner.get("/personas/me")
    assert (mine.json["generation_status"], mine.json["generation"]["progress"]) == ("ready", 100)
    assert "Retry-After" not in mine.headers
    assert content(life, "image") == before


@pytest.mark.parametrize("part", ["images", "motto"])
def test_before_the_first_publication_there_is_nothing_to_renew(api: Api, part: str) -> None:
    life = Life(api, api.generate().json["persona_id"])
    answer = life.ask(part)
    assert (answer.status, answer.code) == (409, "persona_not_ready")


@pytest.mark.parametrize("part", ["images", "motto"])
def test_one_of_a_kind_at_a_time_and_none_beside_a_generation(
    life: Life, worker: Worker, name: str, part: str
) -> None:
    assert life.ask(part).status == 202
    answer = life.ask(part)
    assert (answer.status, answer.code) == (409, "generation_in_progress")
    assert answer.headers["Retry-After"] == "2"
    assert life.ask({"images": "motto", "motto": "images"}[part]).status == 202
    worker.work()
    life.owner.generate(name, force=True)
    assert life.ask(part).code == "generation_in_progress"
    worker.work()
    assert life.ask(part).status == 202


@pytest.mark.parametrize(
    ("part", "wish"),
    [
        ("images", {"image_model": "midjourney"}),
        ("images", {"prompt": ""}),
        ("images", {"prompt": "x" * 4001}),
        ("images", {"description": "x"}),
        ("motto", {"tone": "furious"}),
        ("motto", {"motto": "Mine."}),
    ],
)
def test_a_wish_that_cannot_be_is_explained(life: Life, part: str, wish: dict[str, str]) -> None:
    answer = life.ask(part, **wish)
    assert (answer.status, answer.code) == (422, "invalid")


def test_what_is_to_be_drawn_is_moderated(life: Life, worker: Worker, ai: Control) -> None:
    before = life.now["image"]["id"]
    sign = f"sign {uuid4().hex[:8]}"
    job = life.renew(worker, "images", prompt=f"I will kill you, says the {sign}.")
    assert [ai.calls(each, contains=sign).attempts for each in ("image", "prediction")] == [0, 0]
    assert (job["status"], job["error"]["code"]) == ("failed", "content_policy")
    assert (life.now["image"]["id"], life.now["version"]) == (before, 1)


def test_the_other_model_steps_in(life: Life, worker: Worker, ai: Control, name: str) -> None:
    ai.fail("image", "500", contains=name)
    assert life.renew(worker, "images")["status"] == "succeeded"
    image = life.now["image"]
    assert (image["requested_model"], image["model"]) == ("dall-e", "openjourney")


def test_a_portrait_that_nobody_can_draw_fails_and_changes_nothing(
    life: Life, worker: Worker, ai: Control, name: str
) -> None:
    before = content(life, "image")
    ai.fail("image", "model_not_found", contains=name)
    ai.fail("prediction", "failed", contains=name)
    job = life.renew(worker, "images")
    assert (job["status"], job["error"]["code"]) == ("failed", "vendor_rejected")
    assert (job["attempt"], job["error"]["retryable"]) == (1, False)
    assert (content(life, "image"), len(life.images)) == (before, 1)


@pytest.mark.parametrize(("part", "broken"), [("images", "image"), ("motto", "text")])
def test_an_outage_ends_the_job_for_the_owner_to_retry(
    life: Life, worker: Worker, ai: Control, name: str, *, part: str, broken: str
) -> None:
    ai.fail(broken, "503", contains=name, times=MANY)
    ai.fail("prediction", "503", contains=name, times=MANY)
    job_id = life.ask(part).json["job"]["id"]
    job = run_to_end(life, worker, job_id)
    assert (job["status"], job["attempt"]) == ("failed", 3)
    assert (job["error"]["code"], job["error"]["retryable"]) == ("vendor_unavailable", True)
    assert life.now["version"] == 1
    ai.clear()
    life.owner.post(f"/jobs/{job_id}/retry")
    worker.work()
    assert (life.now["version"], life.now["warnings"]) == (2, [])


def test_what_was_missing_is_missed_no_more(
    api: Api, worker: Worker, ai: Control, name: str
) -> None:
    ai.fail("image", "model_not_found", contains=name)
    ai.fail("prediction", "failed", contains=name)
    ai.fail("text", "model_not_found", contains="Write one motto")
    life = begin(api, worker, name)
    assert life.now["warnings"] == ["motto_unavailable", "image_unavailable"]
    life.renew(worker, "images")
    assert life.now["warnings"] == ["motto_unavailable"]
    life.renew(worker, "motto")
    assert life.now["warnings"] == []


@pytest.mark.parametrize(("part", "operation"), [("images", "image"), ("motto", "text")])
def test_a_message_that_comes_twice_pays_once(
    life: Life, worker: Worker, ai: Control, name: str, *, part: str, operation: str
) -> None:
    before = ai.calls(operation, contains=name).count
    job_id = life.renew(worker, part)["id"]
    worker.deliver(str(job_id))
    assert ai.calls(operation, contains=name).count == before + 1
    assert life.now["version"] == 2


@pytest.mark.parametrize(
    ("model", "operation", "recorded"),
    [("dall-e", "image", "ordered"), ("openjourney", "prediction", "reference")],
)
def test_killed_while_it_is_drawn_the_job_ends_well(
    life: Life,
    worker: Worker,
    session: Session,
    ai: Control,
    checkout: Path,
    *,
    model: str,
    operation: str,
    recorded: str,
) -> None:
    name = life.now["name"]
    before = ai.calls(operation, contains=name).count
    ai.latency(image=1500, prediction=1500)
    job_id = life.ask("images", image_model=model).json["job"]["id"]
    with doomed_worker(checkout) as process:
        kill_when(process, session, job_id, f"image:{model}", recorded)
    ai.latency(image=0, prediction=0)
    time.sleep(LEASE_SECONDS)
    sweep()
    worker.work()
    job = life.owner.get(f"/jobs/{job_id}").json
    assert (job["status"], job["attempt"]) == ("succeeded", 2)
    paid = ai.calls(operation, contains=name).count - before
    assert paid == 1 if operation == "prediction" else paid in {1, 2}
    assert life.now["image"]["model"] == model


@pytest.mark.parametrize("part", ["images", "motto"])
def test_nothing_is_made_for_a_persona_that_was_deleted(
    life: Life, worker: Worker, session: Session, ai: Control, name: str, part: str
) -> None:
    """A deletion cancels its job; were that to run all the same, nothing would be paid for."""
    job_id = life.ask(part).json["job"]["id"]
    before = ai.calls(contains=name).attempts
    gone = life.path.removeprefix("/personas/")
    session.execute(sa.update(Persona).where(Persona.id == gone).values(deleted_at=sa.func.now()))
    worker.deliver(job_id)
    job = life.owner.get(f"/jobs/{job_id}").json
    assert (job["status"], job["error"]["code"]) == ("failed", "persona_not_found")
    assert ai.calls(contains=name).attempts == before
