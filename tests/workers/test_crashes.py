"""A worker that dies in the middle costs time, not money, and loses nothing."""

from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import Job
from chalicelib.workers.sweeper import sweep
from local.vendors.control import Control
from tests.client import Api
from tests.conftest import Log, Worker
from tests.workers.doomed import (
    checkpoint,
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


def test_a_portrait_that_was_stored_but_not_recorded_is_adopted(
    api: Api, worker: Worker, session: Session, ai: Control
) -> None:
    """As if the worker had died between the store and the checkpoint."""
    name = f"Alan {uuid4().hex[:8]}"
    ai.fail("text", "500", contains=name, times=2)
    job_id = api.generate(name).json["job"]["id"]
    worker.work()
    recorded = checkpoint(session, job_id) | {"image:dall-e": {"ordered": True}}
    session.execute(sa.update(Job).where(Job.id == job_id).values(checkpoint=recorded))
    worker.deliver(job_id)
    assert api.get("/personas/me").json["generation_status"] == "ready"
    assert ai.calls("image", contains=name).count == 1


def test_a_job_whose_message_was_never_sent_is_sent_by_the_sweeper(
    api: Api, worker: Worker, session: Session
) -> None:
    """As if the API had died between its commit and the send."""
    job_id = api.generate().json["job"]["id"]
    worker.forget()
    long_ago = sa.func.now() - sa.text("interval '11 seconds'")
    session.execute(sa.update(Job).where(Job.id == job_id).values(sent_at=None, queued_at=long_ago))
    assert worker.work() == 0
    sweep()
    worker.work()
    assert api.get(f"/jobs/{job_id}").json["status"] == "succeeded"


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
