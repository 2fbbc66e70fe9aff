"""What the worker keeps, pays for and publishes while vendors fail. Each fault by itself is in
`test_provider_faults.py`."""

from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.db import transaction
from chalicelib.core.models import Job, Persona
from chalicelib.jobs import leases
from chalicelib.personas.exceptions import Superseded
from chalicelib.personas.services import Outcome, publish
from chalicelib.workers.sweeper import sweep
from local.vendors.control import Control
from tests.client import Api
from tests.conftest import Worker, trust_vendors_again


@pytest.fixture
def name() -> str:
    """A name nobody else has: faults and counts are told apart by it."""
    return f"Ada {uuid4().hex[:8]}"


def run_to_end(api: Api, worker: Worker, job_id: str) -> dict[str, Any]:
    """Deliver until the job has ended, without waiting for any delay or vendor to rest."""
    for _ in range(6):
        trust_vendors_again()
        worker.deliver(job_id)
        job: dict[str, Any] = api.get(f"/jobs/{job_id}").json
        if job["done"]:
            return job
    raise AssertionError(job)


def test_a_refused_description_fails_with_a_reason_and_is_not_tried_again(
    api: Api, worker: Worker, ai: Control, name: str
) -> None:
    ai.fail("moderation", "flagged", contains=name)
    job_id = api.generate(name).json["job"]["id"]
    worker.work()
    job = api.get(f"/jobs/{job_id}").json
    assert (job["status"], job["error"]["code"], job["attempt"]) == ("failed", "content_policy", 1)
    assert job["error"]["message"].startswith("The description does not pass")
    assert worker.work() == 0
    mine = api.get("/personas/me").json
    assert (mine["generation_status"], mine["persona"]) == ("failed", None)
    assert mine["generation"]["error"]["code"] == "content_policy"


def test_after_a_refusal_the_name_can_be_tried_again_with_other_words(
    api: Api, worker: Worker, ai: Control, name: str
) -> None:
    ai.fail("moderation", "flagged", contains=name)
    first = api.generate(name).json["persona_id"]
    worker.work()
    answer = api.generate(name, description="Kind, after all.")
    assert (answer.status, answer.json["persona_id"]) == (202, first)
    worker.work()
    assert api.get("/personas/me").json["persona"]["description"] == "Kind, after all."


def test_without_any_image_the_persona_is_ready_and_says_what_is_missing(
    api: Api, worker: Worker, ai: Control, name: str
) -> None:
    ai.fail("image", "model_not_found", contains=name)
    ai.fail("prediction", "failed", contains=name)
    api.generate(name)
    worker.work()
    persona = api.get("/personas/me").json["persona"]
    assert (persona["image"], persona["warnings"]) == (None, ["image_unavailable"])
    assert persona["motto"]


def test_an_outage_is_tried_again_and_pays_for_nothing_twice(
    api: Api, worker: Worker, session: Session, ai: Control, name: str
) -> None:
    ai.fail("text", "503", contains=name, times=1)
    job_id = api.generate(name).json["job"]["id"]
    worker.work()
    job = api.get(f"/jobs/{job_id}").json
    assert (job["status"], job["done"], job["error"]) == ("queued", False, None)
    job = run_to_end(api, worker, job_id)
    assert (job["status"], job["attempt"]) == ("succeeded", 2)
    assert ai.calls("image", contains=name).count == 1
    assert ai.calls("text", contains=name).count == 3


def test_an_outage_that_stays_ends_the_job_for_the_user_to_retry(
    api: Api, worker: Worker, session: Session, ai: Control, name: str
) -> None:
    ai.fail("moderation", "500", contains=name, times=3)
    job_id = api.generate(name).json["job"]["id"]
    job = run_to_end(api, worker, job_id)
    assert (job["status"], job["attempt"]) == ("failed", 3)
    assert (job["error"]["code"], job["error"]["retryable"]) == ("vendor_unavailable", True)

    assert api.post(f"/jobs/{job_id}/retry").status == 202
    worker.work()
    assert api.get("/personas/me").json["generation_status"] == "ready"


def test_a_retry_goes_on_from_the_checkpoint(
    api: Api, worker: Worker, session: Session, ai: Control, name: str
) -> None:
    """The text fails three times; the portrait and the motto were paid for once, and are kept."""
    ai.fail("text", "500", contains=name, times=30)
    job_id = api.generate(name).json["job"]["id"]
    run_to_end(api, worker, job_id)
    ai.clear()
    api.post(f"/jobs/{job_id}/retry")
    worker.work()
    assert api.get("/personas/me").json["generation_status"] == "ready"
    assert ai.calls("image", contains=name).count == 1


def test_an_image_outage_at_both_vendors_ends_without_an_image_only_at_the_last_attempt(
    api: Api, worker: Worker, session: Session, ai: Control, name: str
) -> None:
    ai.fail("image", "500", contains=name, times=3)
    ai.fail("prediction", "500", contains=name, times=3)
    job_id = api.generate(name).json["job"]["id"]
    job = run_to_end(api, worker, job_id)
    assert (job["status"], job["attempt"]) == ("succeeded", 3)
    assert api.get("/personas/me").json["persona"]["warnings"] == ["image_unavailable"]


def test_a_moderation_that_failed_is_asked_again(
    api: Api, worker: Worker, ai: Control, name: str
) -> None:
    ai.fail("moderation", "500", contains=name)
    ai.fail("moderation", "flagged", contains=name)
    job_id = api.generate(name).json["job"]["id"]
    job = run_to_end(api, worker, job_id)
    assert (job["error"]["code"], job["attempt"]) == ("content_policy", 2)
    assert ai.calls("text", contains=name).attempts == 0


def test_a_motto_that_cannot_be_had_leaves_the_old_one(
    api: Api, worker: Worker, ai: Control, name: str
) -> None:
    api.generate(name)
    worker.work()
    before = api.get("/personas/me").json["persona"]
    ai.fail("text", "insufficient_quota", contains="Write one motto")
    api.generate(name, force=True)
    worker.work()
    after = api.get("/personas/me").json["persona"]
    assert (after["motto"], after["version"]) == (before["motto"], 2)
    assert after["warnings"] == ["motto_unavailable"]


def test_a_message_that_comes_twice_makes_one_persona(
    api: Api, worker: Worker, session: Session, ai: Control, name: str
) -> None:
    job_id = api.generate(name).json["job"]["id"]
    worker.work()
    before = api.get("/personas/me").json["persona"]
    worker.deliver(job_id)
    assert api.get("/personas/me").json["persona"]["version"] == before["version"]
    assert ai.calls("image", contains=name).count == 1


def test_a_cancelled_job_spends_nothing_more(
    api: Api, worker: Worker, ai: Control, name: str
) -> None:
    job_id = api.generate(name).json["job"]["id"]
    assert api.post(f"/jobs/{job_id}/cancel").status == 202
    worker.work()
    assert ai.calls(contains=name).count == 0
    mine = api.get("/personas/me").json
    assert (mine["generation_status"], mine["generation"]["error"]["code"]) == (
        "failed",
        "cancelled",
    )


def test_a_generation_that_was_superseded_pays_for_nothing(
    api: Api, worker: Worker, session: Session, ai: Control, name: str
) -> None:
    first = api.generate(name).json["job"]["id"]
    session.execute(sa.update(Job).where(Job.id == first).values(deadline=sa.func.now()))
    sweep()
    api.generate(name, force=True, description="The newer one.")
    assert api.post(f"/jobs/{first}/retry").status == 202
    worker.work()
    job = api.get(f"/jobs/{first}").json
    assert (job["status"], job["error"]["code"]) == ("failed", "superseded")
    persona = api.get("/personas/me").json["persona"]
    assert (persona["description"], persona["version"]) == ("The newer one.", 1)
    assert ai.calls("image", contains=name).count == 1


def test_the_name_is_moderated_before_anything_is_asked_for(
    api: Api, worker: Worker, ai: Control, name: str
) -> None:
    job_id = api.generate(f"{name}: I will kill you", description="Kind.").json["job"]["id"]
    worker.work()
    assert api.get(f"/jobs/{job_id}").json["error"]["code"] == "content_policy"
    assert [ai.calls(each, contains=name).attempts for each in ("text", "image")] == [0, 0]


def test_what_was_written_is_not_paid_for_again(
    api: Api, worker: Worker, ai: Control, name: str
) -> None:
    """Only the pictures fail at first; the character, its verification and the motto are kept."""
    ai.fail("image", "500", contains=name)
    ai.fail("prediction", "500", contains=name)
    job_id = api.generate(name).json["job"]["id"]
    run_to_end(api, worker, job_id)
    assert ai.calls("text", contains=name).count == 3
    assert ai.calls("moderation", contains=name).attempts == 1


def test_what_a_forced_generation_cannot_make_stays_as_it_was(
    api: Api, worker: Worker, ai: Control, name: str
) -> None:
    api.generate(name)
    worker.work()
    before = api.get("/personas/me").json["persona"]
    ai.fail("image", "model_not_found", contains=name)
    ai.fail("prediction", "failed", contains=name)
    api.generate(name, force=True, visibility="unlisted")
    worker.work()
    after = api.get("/personas/me").json["persona"]
    assert after["image"]["id"] == before["image"]["id"]
    assert (after["version"], after["visibility"]) == (3, "unlisted")
    assert after["warnings"] == ["image_unavailable"]


def test_a_retry_has_all_its_time_and_only_its_owner_asks_for_it(
    api: Api, stranger: Api, worker: Worker, session: Session, ai: Control, name: str
) -> None:
    ai.fail("moderation", "500", contains=name, times=3)
    job_id = api.generate(name).json["job"]["id"]
    run_to_end(api, worker, job_id)
    session.execute(sa.update(Job).where(Job.id == job_id).values(deadline=sa.func.now()))
    assert stranger.post(f"/jobs/{job_id}/retry").status == 404
    assert api.get(f"/jobs/{job_id}").json["status"] == "failed"
    api.post(f"/jobs/{job_id}/retry")
    worker.work()
    assert api.get(f"/jobs/{job_id}").json["status"] == "succeeded"


def test_nothing_is_published_for_a_persona_that_waits_for_another_job(
    api: Api, session: Session, name: str
) -> None:
    job_id = UUID(api.generate(name).json["job"]["id"])
    with transaction() as opened:
        claimed = leases.claim(opened, job_id=job_id)
    assert claimed is not None
    session.execute(sa.update(Persona).where(Persona.job_id == job_id).values(job_id=None))
    nothing = Outcome(content={}, motto="Too late.", image=None, warnings=[])
    with pytest.raises(Superseded), transaction() as opened:
        publish(opened, claimed, outcome=nothing)
    assert api.get(f"/jobs/{job_id}").json["status"] == "running"
