"""A webhook is sent until it is heard, for hours, and no death of a worker loses it."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.db import transaction
from chalicelib.core.models import Job
from chalicelib.jobs import leases, timing
from chalicelib.workers.sweeper import sweep
from tests.client import Api
from tests.conftest import Worker
from tests.jobs.waiters import claimed, deliveries, generate, hand_over
from tests.receiver import Receiver, settings_with


def waiting(session: Session, delivery_id: str) -> timedelta:
    found = session.scalar(
        sa.select(Job.queued_at - Job.updated_at).where(Job.id == UUID(delivery_id))
    )
    assert isinstance(found, timedelta)
    return found


def test_a_receiver_that_fails_is_told_again_under_the_same_id(
    api: Api, worker: Worker, receiver: Receiver
) -> None:
    receiver.answer(503)
    job_id = generate(api, receiver)
    worker.work()
    [delivery] = deliveries(api, job_id)
    assert (delivery["status"], delivery["next_attempt_at"] is None) == ("queued", False)
    hand_over(delivery["id"])
    first, second = receiver.heard
    assert (first.id, first.body) == (second.id, second.body)
    [delivery] = deliveries(api, job_id)
    assert delivery["status"] == "succeeded"
    assert [attempt["status"] for attempt in delivery["attempts"]] == [503, 200]


def test_it_is_tried_eight_times_over_hours(
    api: Api, worker: Worker, receiver: Receiver, session: Session
) -> None:
    receiver.answer(500, 302, 404, 429, 503, 400, 308, 500)
    job_id = generate(api, receiver)
    worker.work()
    [delivery] = deliveries(api, job_id)
    waited = []
    while delivery["status"] == "queued":
        waited.append(waiting(session, delivery["id"]))
        hand_over(delivery["id"])
        [delivery] = deliveries(api, job_id)
    assert waited == list(timing.DELIVERY_DELAYS)
    assert (delivery["status"], delivery["error"]["code"]) == ("failed", "undelivered")
    assert len(delivery["attempts"]) == len(receiver.heard) == 8
    assert timedelta(hours=3) < sum(waited, timedelta()) < timing.DELIVERY_DEADLINE
    assert api.get(f"/jobs/{job_id}").json["status"] == "succeeded"


def test_a_long_wait_is_not_left_to_the_queue(
    api: Api, worker: Worker, receiver: Receiver, session: Session
) -> None:
    receiver.answer(500)
    job_id = generate(api, receiver)
    change_newest = sa.update(Job).where(Job.parent_id == UUID(job_id))
    worker.deliver(job_id)
    session.execute(change_newest.values(attempt=3, fence=Job.fence + 1))
    worker.work()
    [delivery] = deliveries(api, job_id)
    assert waiting(session, delivery["id"]) == timedelta(minutes=10)
    sweep()
    worker.work()
    assert deliveries(api, job_id)[0]["status"] == "queued"
    session.execute(change_newest.values(queued_at=sa.func.now() - timedelta(seconds=11)))
    sweep()
    worker.work()
    assert deliveries(api, job_id)[0]["status"] == "succeeded"


@pytest.mark.parametrize(
    ("asked", "least", "most"), [("77", 77, 97), ("2", 5, 5), ("a while", 5, 5), ("-1", 5, 5)]
)
def test_a_receiver_may_ask_to_wait_longer(
    api: Api,
    worker: Worker,
    receiver: Receiver,
    session: Session,
    asked: str,
    least: int,
    most: int,
) -> None:
    receiver.answer(429, retry_after=asked)
    job_id = generate(api, receiver)
    worker.work()
    waited = waiting(session, deliveries(api, job_id)[0]["id"])
    assert least <= waited.total_seconds() <= most


def test_a_receiver_that_is_gone_is_left_alone(
    api: Api, worker: Worker, receiver: Receiver
) -> None:
    receiver.answer(410)
    job_id = generate(api, receiver)
    worker.work()
    [delivery] = deliveries(api, job_id)
    assert (delivery["status"], delivery["error"]["code"]) == ("failed", "receiver_gone")
    assert api.post(f"/jobs/{delivery['id']}/retry").code == "job_not_retryable"


def test_what_was_never_delivered_can_be_sent_anew(
    api: Api, worker: Worker, receiver: Receiver, session: Session
) -> None:
    receiver.answer(500)
    job_id = generate(api, receiver)
    worker.deliver(job_id)
    session.execute(sa.update(Job).where(Job.parent_id == UUID(job_id)).values(max_attempts=1))
    worker.work()
    [delivery] = deliveries(api, job_id)
    assert delivery["error"]["code"] == "undelivered"
    assert api.post(f"/jobs/{delivery['id']}/retry").status == 202
    allowed = session.scalar(
        sa.select(Job.deadline - Job.updated_at).where(Job.id == UUID(delivery["id"]))
    )
    assert allowed == timing.DELIVERY_DEADLINE
    worker.work()
    [delivery] = deliveries(api, job_id)
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 200]
    assert len({heard.id for heard in receiver.heard}) == 1


def test_nobody_at_the_other_end_is_written_down(api: Api, worker: Worker) -> None:
    nobody = "http://127.0.0.1:9"
    with settings_with(WEBHOOK_ORIGINS=json.dumps([nobody])):
        job_id = api.generate(webhook_url=f"{nobody}/hooks").json["job"]["id"]
        worker.work()
    [delivery] = deliveries(api, job_id)
    assert [(each["status"], each["error"]) for each in delivery["attempts"]] == [
        (None, "unreachable")
    ]


def test_a_worker_that_dies_before_it_writes_that_down_sends_it_again_under_the_same_id(
    api: Api, worker: Worker, receiver: Receiver, session: Session, checkout: Path
) -> None:
    receiver.may_answer.clear()
    job_id = generate(api, receiver)
    worker.deliver(job_id)
    process = subprocess.Popen(
        [sys.executable, "-m", "local.worker"],
        cwd=checkout,
        env=os.environ | {"JOB_LEASE_SECONDS": "1"},
        stdout=subprocess.DEVNULL,
    )
    try:
        receiver.next()
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    receiver.may_answer.set()
    [delivery] = deliveries(api, job_id)
    assert (delivery["status"], delivery["attempts"]) == ("running", [])
    time.sleep(1)
    sweep()
    worker.work()
    assert deliveries(api, job_id)[0]["status"] == "succeeded"
    first, second = receiver.heard
    assert (first.id, first.body) == (second.id, second.body)


def test_an_end_whose_message_was_never_sent_is_told_by_the_sweeper(
    api: Api, worker: Worker, receiver: Receiver
) -> None:
    """As if the worker had died between its commit and the send."""
    job_id = generate(api, receiver)
    claim = claimed(job_id)
    with transaction() as opened:
        leases.finish(opened, claim)
    worker.forget()
    sweep()
    worker.work()
    assert len(receiver.heard) == 1


def test_two_messages_for_one_webhook_send_it_once(
    api: Api, worker: Worker, receiver: Receiver
) -> None:
    job_id = generate(api, receiver)
    worker.work()
    hand_over(deliveries(api, job_id)[0]["id"])
    assert len(receiver.heard) == 1
