"""One trace leads from a request, through the queue, to what a vendor was asked."""

import json
import os
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest

from chalicelib.core import tracing
from local.vendors.control import Control
from tests.client import Api
from tests.conftest import Log, Worker
from tests.operations.daemon import Daemon, Part, invoked, listening
from tests.receiver import Receiver

LAMBDA = "70de5b6f19ff9a0a"
OTHER = "Root=1-11111111-111111111111111111111111;Parent=1111111111111111;Sampled=1"


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    with listening() as daemon:
        yield daemon


@pytest.fixture
def root() -> str:
    return f"1-6740a1b2-{uuid4().hex[:24]}"


def header(root: str, *, sampled: int = 1) -> str:
    return f"Root={root};Parent={LAMBDA};Sampled={sampled};Lineage=a87bd80c:1|68fd508a:5"


def asked_for(api: Api, said: str, **wish: Any) -> Any:
    with invoked(said):
        answer = api.generate(**wish)
    assert answer.status == 202
    return answer.json


def work(worker: Worker) -> None:
    """In an invocation that has a trace of its own, as Lambda's pollers give it."""
    with invoked(OTHER):
        assert worker.work()


def ids(parts: list[Part]) -> dict[str, str]:
    return {part.name: part.said["id"] for part in parts}


def test_one_trace_leads_from_the_request_to_the_vendors(
    api: Api, worker: Worker, ai: Control, daemon: Daemon, root: str
) -> None:
    asked_for(api, header(root), image_model="openjourney")
    work(worker)
    parts = daemon.hear()
    assert {part.said["trace_id"] for part in parts} == {root}
    [sent] = [part.said for part in parts if part.name == "sqs"]
    [worked] = [part.said for part in parts if part.name == "persona_generator"]
    vendors = [part for part in parts if part.name in {"openai", "replicate"}]
    assert (sent["parent_id"], worked["parent_id"]) == (LAMBDA, sent["id"])
    assert {part.said["parent_id"] for part in vendors} == {worked["id"]}
    assert {(part.name, part.step) for part in vendors} == {
        *(("openai", step) for step in ("moderate", "synthesise", "motto", "verify")),
        *(("replicate", step) for step in ("image", "collect")),
    }
    assert all(worked["start_time"] <= part.said["start_time"] for part in vendors)
    assert all(part.said["end_time"] <= worked["end_time"] for part in vendors)


def test_a_trace_is_found_by_its_job(
    api: Api, worker: Worker, ai: Control, daemon: Daemon, root: str
) -> None:
    job_id = asked_for(api, header(root))["job"]["id"]
    work(worker)
    [worked] = [part.said for part in daemon.hear() if part.name == "persona_generator"]
    assert worked["annotations"] == {
        "job_id": job_id,
        "kind": "generate_persona",
        "attempt": 1,
        "outcome": "succeeded",
    }


def test_the_webhook_about_a_job_belongs_to_its_trace(
    api: Api, worker: Worker, ai: Control, daemon: Daemon, root: str, receiver: Receiver
) -> None:
    asked_for(api, header(root), webhook_url=receiver.url)
    work(worker)
    parts = daemon.hear()
    assert {part.said["trace_id"] for part in parts} == {root}
    named = ids(parts)
    [told] = [part.said for part in parts if part.name == "receiver"]
    assert told["parent_id"] == named["webhooks"]


def test_the_log_of_a_request_and_that_of_its_worker_name_the_same_trace(
    api: Api, worker: Worker, ai: Control, log: Log, root: str
) -> None:
    asked_for(api, header(root))
    work(worker)
    traces = {
        line["message"]: line.get("trace_id")
        for line in log.lines
        if line["message"] in {"request", "started", "asked", "succeeded"}
    }
    assert traces == dict.fromkeys(("request", "started", "asked", "succeeded"), root)


def test_a_vendor_that_fails_is_marked_in_the_trace(
    api: Api, worker: Worker, ai: Control, daemon: Daemon, root: str
) -> None:
    name = f"Ada {uuid4().hex}"
    ai.fail("moderation", "503", contains=name)
    asked_for(api, header(root), name=name)
    work(worker)
    said = {part.name: part.said for part in daemon.hear()}
    assert said["openai"]["fault"] is True
    assert said["openai"]["annotations"]["error"] == "VendorUnavailable"
    assert said["persona_generator"]["annotations"]["outcome"] == "retried"
    assert "fault" not in said["persona_generator"]


def test_another_attempt_goes_on_with_the_trace(
    api: Api, worker: Worker, ai: Control, daemon: Daemon, root: str
) -> None:
    """What the worker sends itself is sent from where it is in the trace."""
    name = f"Ada {uuid4().hex}"
    ai.fail("moderation", "503", contains=name)
    asked_for(api, header(root), name=name)
    work(worker)
    named, sent = ids(daemon.hear()), daemon.hear()[-2].said
    assert (sent["name"], sent["parent_id"]) == ("sqs", named["persona_generator"])


def test_what_is_not_sampled_is_not_told_but_stays_one_trace(
    api: Api, worker: Worker, ai: Control, daemon: Daemon, log: Log, root: str
) -> None:
    asked_for(api, header(root, sampled=0))
    work(worker)
    assert daemon.hear() == []
    assert {line["trace_id"] for line in log.lines if "job_id" in line} == {root}


def test_a_trace_holds_nothing_of_what_was_asked_or_answered(
    api: Api, worker: Worker, ai: Control, daemon: Daemon, root: str, receiver: Receiver
) -> None:
    canary = f"canary{uuid4().hex}"
    ai.fail("image", "moderation_blocked", contains=canary)
    url = f"{receiver.url}&{canary}"
    wish = {"name": f"Name {canary}", "description": f"She is {canary}.", "webhook_url": url}
    asked_for(api, header(root), **wish)
    work(worker)
    told = "\n".join(part.text for part in daemon.hear())
    secrets = (canary, "open-sesame", api.token, os.environ["OPENAI_API_KEY"])
    assert [each for each in secrets if str(each) in told] == []
    assert "receiver" in told


@pytest.mark.parametrize(
    "said",
    [
        "",
        "Root=1-5759e988-bd862e3fe1be46a994272793",
        "Parent=53995c3f42cd8ad8;Sampled=1",
        "Root=1-5759e988-bd862e3fe1be46a99427279\n;Parent=53995c3f42cd8ad8;Sampled=1",
        "Root=../../x;Parent=%s;Sampled=1",
        ";;;===",
    ],
)
def test_a_message_with_a_broken_trace_is_worked_on_in_the_invocations_own(
    api: Api, worker: Worker, ai: Control, daemon: Daemon, said: str
) -> None:
    job_id = api.generate().json["job"]["id"]
    worker.forget()
    url = boto3.client("sqs").get_queue_url(QueueName="generation")["QueueUrl"]
    trace: Any = {"AWSTraceHeader": {"DataType": "String", "StringValue": said}} if said else {}
    body = json.dumps({"job_id": job_id})
    boto3.client("sqs").send_message(QueueUrl=url, MessageBody=body, MessageSystemAttributes=trace)
    work(worker)
    assert {part.said["trace_id"] for part in daemon.hear()} == {OTHER[5:40]}
    assert api.get(f"/jobs/{job_id}").json["status"] == "succeeded"


@pytest.mark.parametrize("address", ["127.0.0.1:9", "nowhere.invalid:2000", "x", "127.0.0.1:x"])
def test_without_anybody_to_tell_the_work_is_done_all_the_same(
    api: Api, worker: Worker, ai: Control, root: str, address: str
) -> None:
    os.environ[tracing.DAEMON] = address
    try:
        job_id = asked_for(api, header(root))["job"]["id"]
        work(worker)
    finally:
        del os.environ[tracing.DAEMON]
    assert api.get(f"/jobs/{job_id}").json["status"] == "succeeded"


def test_without_a_trace_nothing_is_told(
    api: Api, worker: Worker, ai: Control, daemon: Daemon
) -> None:
    api.generate()
    worker.work()
    assert daemon.hear() == []
