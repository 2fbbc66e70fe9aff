"""What the worker makes of vendors that fail, one way or another."""

from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import Job
from local.vendors.control import Control
from tests.client import Api
from tests.conftest import Worker


@pytest.fixture
def name() -> str:
    """A name nobody else has: faults and counts are told apart by it."""
    return f"Ada {uuid4().hex[:8]}"


def run_to_end(api: Api, worker: Worker, job_id: str) -> dict[str, Any]:
    """Deliver until the job has ended, without waiting for any delay."""
    for _ in range(6):
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


@pytest.mark.parametrize("kind", ["moderation_blocked", "content_policy_violation"])
def test_a_refused_image_fails_with_a_reason_and_is_not_tried_again(
    api: Api, worker: Worker, ai: Control, name: str, kind: str
) -> None:
    ai.fail("image", kind, contains=name)
    job_id = api.generate(name).json["job"]["id"]
    worker.work()
    job = api.get(f"/jobs/{job_id}").json
    assert (job["status"], job["error"]["code"], job["attempt"]) == ("failed", "content_policy", 1)
    assert ai.calls("prediction", contains=name).count == 0


def test_a_refused_answer_fails_with_a_reason(
    api: Api, worker: Worker, ai: Control, name: str
) -> None:
    ai.fail("text", "refusal", contains=name, times=2)
    job_id = api.generate(name).json["job"]["id"]
    worker.work()
    assert api.get(f"/jobs/{job_id}").json["error"]["code"] == "content_policy"


@pytest.mark.parametrize(
    ("wanted", "broken", "kind"),
    [
        ("dall-e", "image", "500"),
        ("dall-e", "image", "429"),
        ("dall-e", "image", "model_not_found"),
        ("dall-e", "image", "bad_base64"),
        ("dall-e", "image", "html"),
        ("dall-e", "image", "truncated"),
        ("dall-e", "image", "empty"),
        ("dall-e", "image", "bomb"),
        ("openjourney", "prediction", "500"),
        ("openjourney", "prediction", "failed"),
        ("openjourney", "download", "404"),
        ("openjourney", "download", "redirect"),
    ],
)
def test_the_other_model_steps_in_and_the_answer_says_so(
    api: Api, worker: Worker, ai: Control, name: str, wanted: str, broken: str, kind: str
) -> None:
    ai.fail(broken, kind, contains=name)
    api.generate(name, image_model=wanted)
    worker.work()
    image = api.get("/personas/me").json["persona"]["image"]
    assert image["requested_model"] == wanted
    assert image["model"] != wanted


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
    assert ai.calls("text", contains=name).count == 2


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


def test_nonsense_from_the_model_is_asked_for_once_more(
    api: Api, worker: Worker, ai: Control, name: str
) -> None:
    ai.fail("text", "schema_invalid", contains=name, times=1)
    api.generate(name)
    worker.work()
    assert api.get("/personas/me").json["generation_status"] == "ready"
    assert ai.calls("text", contains=name).count == 3


def test_a_message_that_comes_twice_makes_one_persona(
    api: Api, worker: Worker, session: Session, ai: Control, name: str
) -> None:
    job_id = api.generate(name).json["job"]["id"]
    worker.work()
    before = api.get("/personas/me").json["persona"]
    worker.deliver(job_id)
    assert api.get("/personas/me").json["persona"]["version"] == before["version"]
    assert ai.calls("image", contains=name).count == 1


def test_a_message_for_no_job_is_done_with(worker: Worker) -> None:
    worker.deliver(str(uuid4()))


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
    api.post(f"/jobs/{first}/cancel")
    api.generate(name, force=True, description="The newer one.")
    session.execute(
        sa.update(Job).where(Job.id == first).values(status="queued", error=None, finished_at=None)
    )
    worker.work()
    job = api.get(f"/jobs/{first}").json
    assert (job["status"], job["error"]["code"]) == ("failed", "superseded")
    persona = api.get("/personas/me").json["persona"]
    assert (persona["description"], persona["version"]) == ("The newer one.", 1)
    assert ai.calls("image", contains=name).count == 1
