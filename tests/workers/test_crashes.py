"""A worker that dies in the middle costs time, not money, and loses nothing."""

from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import Job
from local.vendors.control import Control
from tests.client import Api
from tests.conftest import Log, Worker, nobody_at
from tests.workers.doomed import (
    doomed_worker,
    heal,
    kill_when,
)


def test_killed_after_the_image_was_paid_for_the_job_ends_ready_and_pays_once(
    api: Api, worker: Worker, session: Session, ai: Control, checkout: Path
) -> None:
    name = f"Ada {uuid4().hex[:8]}"
    ai.latency(text=5000)
    job_id = api.generate(name).json["job"]["id"]
    with doomed_worker(checkout) as process:
        kill_when(process, session, job_id, "image:dall-e", "image")
    ai.latency(text=0)
    assert api.get(f"/jobs/{job_id}").json["status"] == "running"
    job = heal(api, worker, job_id)
    assert (job["status"], job["attempt"]) == ("succeeded", 2)
    assert ai.calls("image", contains=name).count == 1
    assert api.get("/personas/me").json["persona"]["image"]["model"] == "dall-e"


def test_killed_while_a_prediction_runs_the_same_prediction_is_collected(
    api: Api, worker: Worker, session: Session, ai: Control, checkout: Path
) -> None:
    name = f"Grace {uuid4().hex[:8]}"
    ai.latency(prediction=1500)
    job_id = api.generate(name, image_model="openjourney").json["job"]["id"]
    with doomed_worker(checkout) as process:
        kill_when(process, session, job_id, "image:openjourney", "reference")
    job = heal(api, worker, job_id)
    ai.latency(prediction=0)
    assert (job["status"], job["attempt"]) == ("succeeded", 2)
    assert ai.calls("prediction", contains=name).count == 1


def test_a_queue_that_is_down_does_not_lose_an_accepted_job(
    api: Api, worker: Worker, session: Session, broken_queue: None
) -> None:
    answer = api.generate()
    assert answer.status == 202
    job_id = answer.json["job"]["id"]
    sent_at = session.scalar(sa.select(Job.sent_at).where(Job.id == job_id))
    assert sent_at is None


def test_a_bug_is_logged_with_the_job_that_it_met(
    api: Api, session: Session, worker: Worker, log: Log
) -> None:
    job_id = api.generate().json["job"]["id"]
    session.execute(sa.update(Job).where(Job.id == job_id).values(input={"no": "wish"}))
    worker.work()
    lines = {line["message"]: line.get("job_id") for line in log.lines if line["level"] != "info"}
    assert lines == {"crashed: left to the sweeper": job_id, "handler failed": job_id}
    # Nobody else is to stumble over it.
    assert api.post(f"/jobs/{job_id}/cancel").json["status"] == "cancelled"


def test_a_store_that_is_down_does_not_make_the_other_model_draw(
    api: Api, worker: Worker, ai: Control
) -> None:
    name = f"Ada {uuid4().hex[:8]}"
    job_id = api.generate(name).json["job"]["id"]
    with nobody_at("S3", "objects"):
        worker.deliver(job_id)
    job = api.get(f"/jobs/{job_id}").json
    assert (job["status"], job["attempt"]) == ("queued", 1)
    worker.deliver(job_id)
    assert api.get("/personas/me").json["persona"]["image"]["model"] == "dall-e"
    assert ai.calls("prediction", contains=name).count == 0
