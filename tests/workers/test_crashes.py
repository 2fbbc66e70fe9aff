"""A worker that dies in the middle costs time, not money, and loses nothing."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib import wiring
from chalicelib.core.models import Job
from chalicelib.workers.sweeper import sweep
from local.vendors.control import Control
from tests.client import Api
from tests.conftest import Log, Worker
from tests.workers.doomed import LEASE_SECONDS, doomed_worker, wait_until


@contextmanager
def broken_store() -> Iterator[None]:
    """A store that nobody answers for: its address is a port where nothing listens."""
    os.environ["AWS_ENDPOINT_URL_S3"] = "http://127.0.0.1:9"
    wiring.ports().__dict__.pop("objects", None)
    yield
    del os.environ["AWS_ENDPOINT_URL_S3"]
    wiring.ports().__dict__.pop("objects", None)


def checkpoint(session: Session, job_id: str) -> dict[str, dict[str, object]]:
    found = session.scalar(sa.select(Job.checkpoint).where(Job.id == job_id))
    return dict(found or {})


def kill_when(
    process: subprocess.Popen[bytes], session: Session, job_id: str, step: str, key: str
) -> None:
    wait_until(lambda: key in checkpoint(session, job_id).get(step, {}))
    process.send_signal(signal.SIGKILL)
    process.wait()


def heal(api: Api, worker: Worker, job_id: str) -> dict[str, object]:
    time.sleep(LEASE_SECONDS)
    sweep()
    worker.work()
    return dict(api.get(f"/jobs/{job_id}").json)


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


def test_a_store_that_is_down_does_not_make_the_other_model_draw(
    api: Api, worker: Worker, ai: Control
) -> None:
    name = f"Ada {uuid4().hex[:8]}"
    job_id = api.generate(name).json["job"]["id"]
    with broken_store():
        worker.deliver(job_id)
    job = api.get(f"/jobs/{job_id}").json
    assert (job["status"], job["attempt"]) == ("queued", 1)
    worker.deliver(job_id)
    assert api.get("/personas/me").json["persona"]["image"]["model"] == "dall-e"
    assert ai.calls("prediction", contains=name).count == 0
