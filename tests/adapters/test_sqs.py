"""The queue: job ids go in, and an outage is called one within seconds."""

import json
import re
import socket
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import pytest

from chalicelib.adapters.sqs import QueueUnavailable, SqsQueue
from chalicelib.core.errors import Unavailable
from chalicelib.jobs import timing
from local.stack import Stack
from tests.adapters.aws import aws_at, aws_in_process
from tests.adapters.wire import Answer, Wire, listening, said, said_json

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

KIND = "test"


class Line:
    """A queue of our own in the stack, and a look into it."""

    def __init__(self, sqs: "SQSClient") -> None:
        self.name = f"test-{uuid4()}"
        self.queue = SqsQueue({KIND: self.name})
        self._sqs = sqs
        self.url = sqs.create_queue(QueueName=self.name)["QueueUrl"]

    def shown(self) -> "list[MessageTypeDef]":
        return self._sqs.receive_message(QueueUrl=self.url).get("Messages", [])

    def delete(self) -> None:
        self._sqs.delete_queue(QueueUrl=self.url)


@pytest.fixture
def line(stack: Stack) -> Iterator[Line]:
    made = Line(boto3.client("sqs"))
    yield made
    made.delete()


def test_a_message_holds_the_id_of_the_job_and_nothing_else(line: Line) -> None:
    job_id = uuid4()
    line.queue.send(job_id, kind=KIND)
    [message] = line.shown()
    assert json.loads(message["Body"]) == {"job_id": str(job_id)}


def test_a_delayed_message_is_shown_after_its_delay(line: Line) -> None:
    line.queue.send(uuid4(), kind=KIND, delay_seconds=1)
    assert line.shown() == []
    deadline = time.monotonic() + 5
    while not (messages := line.shown()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert len(messages) == 1


def test_a_message_may_be_delayed_for_as_long_as_a_job_lives(line: Line) -> None:
    line.queue.send(uuid4(), kind=KIND, delay_seconds=int(timing.DEADLINE.total_seconds()))
    assert line.shown() == []


def test_a_kind_that_this_release_does_not_know_is_left_alone(line: Line) -> None:
    with pytest.raises(QueueUnavailable):
        line.queue.send(uuid4(), kind="of-another-release")
    assert line.shown() == []


def test_a_queue_that_is_not_there_is_an_outage_until_it_is(stack: Stack) -> None:
    name = f"test-{uuid4()}"
    queue = SqsQueue({KIND: name})
    with pytest.raises(QueueUnavailable):
        queue.send(uuid4(), kind=KIND)
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    queue.send(uuid4(), kind=KIND)
    sqs.delete_queue(QueueUrl=url)


def test_nobody_listening_is_an_outage_within_seconds() -> None:
    began = time.monotonic()
    with aws_at("http://127.0.0.1:9"), pytest.raises(QueueUnavailable):
        SqsQueue({KIND: "generation"}).send(uuid4(), kind=KIND)
    assert time.monotonic() - began < 3
    assert issubclass(QueueUnavailable, Unavailable)


def test_moto_takes_what_the_stack_takes() -> None:
    with aws_in_process():
        sqs = boto3.client("sqs")
        url = sqs.create_queue(QueueName="generation")["QueueUrl"]
        queue, job_id = SqsQueue({KIND: "generation"}), uuid4()
        queue.send(job_id, kind=KIND)
        [message] = sqs.receive_message(QueueUrl=url)["Messages"]
        assert json.loads(message["Body"]) == {"job_id": str(job_id)}
        sqs.delete_queue(QueueUrl=url)
        with pytest.raises(QueueUnavailable):
            queue.send(job_id, kind=KIND)


@pytest.fixture(scope="module")
def _odd() -> Iterator[tuple[Wire, SqsQueue]]:
    with listening(said(b"")) as wire, aws_at(wire.url):
        yield wire, SqsQueue({KIND: "generation"})


@pytest.fixture
def wire(_odd: tuple[Wire, SqsQueue]) -> Wire:
    return _odd[0].forget()


@pytest.fixture
def misled(_odd: tuple[Wire, SqsQueue]) -> SqsQueue:
    """A queue whose server says what a test tells it to."""
    return _odd[1]


def _refusal(status: int, code: str) -> Answer:
    body = {"__type": f"com.amazonaws.sqs#{code}", "message": "No."}
    return said_json(body, status=f"{status} No", headers="x-amzn-RequestId: 1\r\n")


REFUSALS: dict[str, Answer] = {
    "AccessDenied": _refusal(403, "AccessDenied"),
    "ExpiredToken": _refusal(403, "ExpiredToken"),
    "QueueDoesNotExist": _refusal(400, "QueueDoesNotExist"),
    "QueueDeletedRecently": _refusal(400, "QueueDeletedRecently"),
    "KmsThrottled": _refusal(400, "KmsThrottled"),
    "RequestThrottled": _refusal(400, "RequestThrottled"),
    "ThrottlingException": _refusal(429, "ThrottlingException"),
    "InternalFailure": _refusal(500, "InternalFailure"),
    "ServiceUnavailable": _refusal(503, "ServiceUnavailable"),
    "a code that is new": _refusal(418, "SomethingNew"),
    "no code": said(b"", status="400 No"),
    "a page": said(b"<html>", status="502 Bad Gateway", headers="Content-Type: text/html\r\n"),
    "no HTTP": lambda connection: connection.sendall(b"nonsense\r\n\r\n"),
    "half an answer": lambda connection: connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_whatever_the_queue_objects_to_is_an_outage_and_asked_once(
    wire: Wire, misled: SqsQueue, case: str
) -> None:
    wire.answer = REFUSALS[case]
    with pytest.raises(QueueUnavailable):
        misled.send(uuid4(), kind=KIND)
    assert len(wire.requests) == 1


def test_a_silent_queue_is_given_up_within_seconds(wire: Wire, misled: SqsQueue) -> None:
    wire.answer = lambda _: time.sleep(8)
    began = time.monotonic()
    with pytest.raises(QueueUnavailable):
        misled.send(uuid4(), kind=KIND)
    assert time.monotonic() - began < 5


MD5_OF_OBJECT = "99914b932bd37a50b983c5e7c90ae93b"
LETTERS = [
    {"MessageId": name, "ReceiptHandle": name, "Body": "{}", "MD5OfBody": MD5_OF_OBJECT}
    for name in ("first", "second")
]
REDRIVING: dict[str, object] = {
    "GetQueueUrl": {"QueueUrl": "http://127.0.0.1/queue"},
    "GetQueueAttributes": {
        "Attributes": {"RedrivePolicy": json.dumps({"deadLetterTargetArn": "arn:aws:sqs:x:0:dlq"})}
    },
    "ReceiveMessage": {"Messages": LETTERS},
    "SendMessageBatch": {
        "Successful": [{"Id": "1", "MessageId": "new", "MD5OfMessageBody": MD5_OF_OBJECT}],
        "Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": False}],
    },
    "DeleteMessageBatch": {"Successful": [{"Id": "1"}], "Failed": []},
}


def test_what_the_queue_does_not_take_stays_a_dead_letter(wire: Wire, misled: SqsQueue) -> None:
    def answer(connection: socket.socket) -> None:
        said_json(REDRIVING[asked(wire.requests[-1])])(connection)

    wire.answer = answer
    with pytest.raises(QueueUnavailable):
        misled.redrive(limit=10)
    assert [asked(head) for head in wire.requests][-3:] == list(REDRIVING)[-3:]
    deleted = json.loads(wire.bodies[-1])["Entries"]
    assert [each["ReceiptHandle"] for each in deleted] == ["second"]


def asked(head: str) -> str:
    found = re.search(r"X-Amz-Target: AmazonSQS\.(\w+)", head)
    assert found, head
    return found[1]
