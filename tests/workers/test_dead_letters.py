"""Messages that no worker survives, or can read, and what becomes of them and of their jobs."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest
import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.orm import Session

from chalicelib.core.errors import Unavailable
from chalicelib.core.models import Job
from chalicelib.jobs import timing
from chalicelib.workers.redrive import redrive
from chalicelib.workers.sweeper import sweep
from local.stack import Stack
from local.vendors.control import Control
from tests.client import Api
from tests.conftest import Log, Worker
from tests.workers.doomed import doomed_worker, wait_until

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

QUEUE = "generation"
DEAD_LETTERS = "generation-dlq"
MESSAGES = int(os.environ.get("REDRIVEN_MESSAGES", "200"))


@pytest.fixture
def sqs(worker: Worker) -> Iterator["SQSClient"]:
    """The queues, both empty."""
    client: SQSClient = boto3.client("sqs")
    client.purge_queue(QueueUrl=url_of(client, DEAD_LETTERS))
    yield client
    client.purge_queue(QueueUrl=url_of(client, DEAD_LETTERS))


def url_of(sqs: "SQSClient", queue: str) -> str:
    return sqs.get_queue_url(QueueName=queue)["QueueUrl"]


def message(job_id: str) -> str:
    return json.dumps({"job_id": job_id})


def status(api: Api, job_id: str) -> str:
    return str(api.get(f"/jobs/{job_id}").json["status"])


def generate(api: Api, name: str = "Ada") -> str:
    return str(api.generate(name).json["job"]["id"])


def work_off(worker: Worker) -> None:
    while worker.work():
        pass


UNREADABLE = {
    "nothing": " ",
    "no JSON": "job 5",
    "half an object": '{"job_id": ',
    "a number": "5",
    "a list": "[]",
    "null": "null",
    "no job": "{}",
    "a job that is null": '{"job_id": null}',
    "a job that is no id": '{"job_id": "5"}',
    "a job that is an object": '{"job_id": {"job_id": "5"}}',
    "deep nesting": "[" * 5000,
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_message_that_names_no_job_is_said_so_of_and_done_with(
    api: Api, worker: Worker, sqs: "SQSClient", log: Log, case: str
) -> None:
    secret = f"canary{uuid4().hex}"
    worker.send(UNREADABLE[case] + f"{secret:>40}")
    neighbour = generate(api)
    worker.send(UNREADABLE[case])
    worker.work()
    assert status(api, neighbour) == "succeeded"
    assert (worker.count(QUEUE), worker.count(DEAD_LETTERS)) == (0, 0)
    said = [line["level"] for line in log.lines if line["message"] == "a message names no job"]
    assert said == ["error", "error"]
    assert secret not in log.text


def test_a_message_for_no_job_is_done_with(api: Api, worker: Worker, sqs: "SQSClient") -> None:
    worker.send(message(str(uuid4())))
    neighbour = generate(api)
    worker.work()
    assert status(api, neighbour) == "succeeded"
    assert (worker.count(QUEUE), worker.count(DEAD_LETTERS)) == (0, 0)


def test_a_job_of_another_kind_is_left_to_its_own_worker(
    api: Api, worker: Worker, session: Session, sqs: "SQSClient"
) -> None:
    job_id = generate(api)
    session.execute(sa.update(Job).where(Job.id == job_id).values(kind="other"))
    worker.work()
    job = api.get(f"/jobs/{job_id}").json
    assert (job["status"], job["attempt"], job["error"]) == ("queued", 0, None)
    assert (worker.count(QUEUE), worker.count(DEAD_LETTERS)) == (0, 0)


def test_a_job_that_kills_its_worker_each_time_fails_and_harms_no_other(
    api: Api, worker: Worker, session: Session, sqs: "SQSClient", ai: Control, checkout: Path
) -> None:
    """The worker hangs in the job and dies there, as one does that runs out of memory. It works on
    one message at a time: a dead one that was asking for more could still be given it."""
    name, deaths = f"Poison {uuid4().hex[:8]}", 2
    ai.fail("moderation", "timeout_before", contains=name, times=deaths)
    neighbours = [generate(api, "First neighbour")]
    job_id = generate(api, name)
    poison = sa.update(Job).where(Job.id == job_id)
    session.execute(poison.values(max_attempts=deaths))
    for attempt in range(1, deaths + 1):
        with doomed_worker(checkout, concurrency=1) as process:
            wait_until(lambda: ai.calls("moderation", contains=name).attempts == attempt)  # noqa: B023
            process.send_signal(signal.SIGKILL)
            process.wait()
        neighbours.append(generate(api, "Another neighbour"))
        session.execute(poison.values(lease_until=sa.func.now() - timedelta(seconds=1)))
        sweep()
    worker.work()
    worker.deliver(job_id)
    job = api.get(f"/jobs/{job_id}").json
    assert (job["status"], job["error"]["code"], job["attempt"]) == ("failed", "exhausted", deaths)
    assert [status(api, each) for each in neighbours] == ["succeeded"] * 3
    assert ai.calls(contains=name).attempts == deaths


def die(sqs: "SQSClient") -> bool:
    """Receive a message and never delete it, as a worker does that dies; it shows at once again."""
    answer = sqs.receive_message(QueueUrl=url_of(sqs, QUEUE), VisibilityTimeout=0)
    return bool(answer.get("Messages"))


def test_a_message_that_nobody_survives_is_a_dead_letter_until_it_is_redriven(
    api: Api, worker: Worker, sqs: "SQSClient"
) -> None:
    job_id = generate(api)
    deaths = [die(sqs) for _ in range(timing.MAX_RECEIVE_COUNT + 1)]
    assert deaths == [True] * timing.MAX_RECEIVE_COUNT + [False]
    assert (worker.count(QUEUE), worker.count(DEAD_LETTERS)) == (0, 1)
    assert redrive({}, None) == {QUEUE: 1, "webhooks": 0}
    assert (worker.count(QUEUE), worker.count(DEAD_LETTERS)) == (1, 0)
    worker.work()
    assert status(api, job_id) == "succeeded"
    assert redrive({}, None) == {QUEUE: 0, "webhooks": 0}


def fill(sqs: "SQSClient", bodies: list[str]) -> None:
    for start in range(0, len(bodies), 10):
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {"Id": str(number), "MessageBody": body}
            for number, body in enumerate(bodies[start : start + 10])
        ]
        sqs.send_message_batch(QueueUrl=url_of(sqs, DEAD_LETTERS), Entries=entries)


def test_after_a_redrive_every_job_has_ended_and_nothing_is_paid_for_again(
    api: Api, worker: Worker, session: Session, sqs: "SQSClient", ai: Control
) -> None:
    """Jobs that have succeeded, failed, been cancelled, and some whose worker died half-way."""
    tag = uuid4().hex[:8]
    ai.fail("moderation", "flagged", contains=f"Refused {tag}")
    ai.fail("text", "500", contains=f"Half {tag}", times=2)
    jobs = {each: generate(api, f"{each} {tag}") for each in ("Done", "Refused", "Gone", "Half")}
    api.post(f"/jobs/{jobs['Gone']}/cancel")
    work_off(worker)
    worker.forget()
    before = {each: status(api, job_id) for each, job_id in jobs.items()}
    assert before == {
        "Done": "succeeded",
        "Refused": "failed",
        "Gone": "cancelled",
        "Half": "queued",
    }
    ends = session.scalars(ends_of(jobs)).all()
    ids = list(jobs.values())
    fill(sqs, [message(ids[number % len(ids)]) for number in range(MESSAGES)])

    assert redrive({}, None) == {QUEUE: MESSAGES, "webhooks": 0}
    work_off(worker)
    assert {each: status(api, job_id) for each, job_id in jobs.items()} == before | {
        "Half": "succeeded"
    }
    assert [end for end in session.scalars(ends_of(jobs)).all() if end in ends] == ends
    assert ai.calls("image", contains=tag).count == 2
    assert ai.calls("text", contains=tag).count == 6
    assert (worker.count(QUEUE), worker.count(DEAD_LETTERS)) == (0, 0)


def ends_of(jobs: dict[str, str]) -> sa.Select[Any]:
    return (
        sa.select(Job.finished_at)
        .where(Job.id.in_(jobs.values()), Job.finished_at.is_not(None))
        .order_by(Job.id)
    )


def test_a_redrive_moves_no_more_than_it_is_told_to(worker: Worker, sqs: "SQSClient") -> None:
    fill(sqs, [message(str(uuid4())) for _ in range(25)])
    assert redrive({"limit": 12}, None) == {QUEUE: 12, "webhooks": 0}
    assert (worker.count(QUEUE), worker.count(DEAD_LETTERS)) == (12, 13)


@pytest.mark.parametrize("limit", [0, -1, 1001, "many", None])
def test_a_redrive_without_a_bound_is_refused(limit: object) -> None:
    with pytest.raises(ValidationError):
        redrive({"limit": limit}, None)


def test_the_command_moves_dead_letters(
    worker: Worker, sqs: "SQSClient", stack: Stack, checkout: Path
) -> None:
    worker.send(message(str(uuid4())), to=DEAD_LETTERS)
    command = [sys.executable, "-m", "local", "redrive", "--dir", str(stack.home.path)]
    done = subprocess.run(  # noqa: S603 - our own program
        command, cwd=checkout, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-2:] == [f"{QUEUE}: 1 moved", "webhooks: 0 moved"]
    assert worker.count(QUEUE) == 1


def test_a_redrive_of_a_queue_that_is_down_says_so(broken_queue: None) -> None:
    with pytest.raises(Unavailable):
        redrive({}, None)
