import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import pytest

from local.handlers import Subscription, subscriptions
from local.home import CHECKOUT
from local.ports import HOST
from local.resources import create_queue
from local.service import says
from local.settings import process_environment
from local.stack import Stack
from local.worker import READY, drain, serve
from tests.local.sample import recorder

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

SAMPLE = "tests.local.sample"


@pytest.fixture
def sqs(stack: Stack) -> "SQSClient":
    assert HOST in stack.env["AWS_ENDPOINT_URL"]
    client: SQSClient = boto3.client("sqs")
    return client


@pytest.fixture
def queue(sqs: "SQSClient") -> Iterator[str]:
    """The sample handler's queue; what is refused shows at once again, and five times in all."""
    dead_letters = create_queue(sqs, "sample-dlq", {})
    redrive = {"deadLetterTargetArn": dead_letters, "maxReceiveCount": 5}
    create_queue(sqs, "sample", {"VisibilityTimeout": "0", "RedrivePolicy": json.dumps(redrive)})
    recorder.events.clear()
    recorder.contexts.clear()
    yield sqs.get_queue_url(QueueName="sample")["QueueUrl"]
    for name in ("sample", "sample-dlq"):
        sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"])


@pytest.fixture
def subscription() -> Subscription:
    (found,) = subscriptions(SAMPLE)
    return found


def count(sqs: "SQSClient", name: str) -> int:
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    answer = sqs.get_queue_attributes(
        QueueUrl=url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )
    return sum(int(number) for number in answer["Attributes"].values())


def test_a_message_is_deleted_when_the_handler_returns(
    sqs: "SQSClient", queue: str, subscription: Subscription
) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="first")
    sqs.send_message(QueueUrl=queue, MessageBody="second")
    assert drain(sqs, subscription) == 2
    assert count(sqs, "sample") == 0


def test_a_message_stays_when_the_handler_raises(
    sqs: "SQSClient", queue: str, subscription: Subscription
) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="fail")
    assert drain(sqs, subscription, limit=1) == 1
    assert count(sqs, "sample") == 1


def test_a_message_that_is_refused_five_times_is_a_dead_letter(
    sqs: "SQSClient", queue: str, subscription: Subscription
) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="fail")
    assert drain(sqs, subscription) == 5
    assert count(sqs, "sample") == 0
    assert count(sqs, "sample-dlq") == 1
    receives = [event["Records"][0]["attributes"] for event in recorder.events]
    assert [each["ApproximateReceiveCount"] for each in receives] == ["1", "2", "3", "4", "5"]


def test_the_event_is_shaped_as_lambda_shapes_it(
    sqs: "SQSClient", queue: str, subscription: Subscription
) -> None:
    sent = sqs.send_message(
        QueueUrl=queue,
        MessageBody="hello",
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "generate"}},
    )
    drain(sqs, subscription)
    (record,) = recorder.events[0]["Records"]
    assert record.pop("receiptHandle")
    assert {"ApproximateReceiveCount", "SentTimestamp"} <= record.pop("attributes").keys()
    assert record == {
        "messageId": sent["MessageId"],
        "body": "hello",
        "messageAttributes": {"kind": {"dataType": "String", "stringValue": "generate"}},
        "md5OfBody": sent["MD5OfMessageBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-north-1:000000000000:sample",
        "awsRegion": "eu-north-1",
    }


def test_the_handler_has_a_sixth_of_the_visibility(
    sqs: "SQSClient", queue: str, subscription: Subscription
) -> None:
    create_queue(sqs, "sample", {"VisibilityTimeout": "60"})
    sqs.send_message(QueueUrl=queue, MessageBody="hello")
    drain(sqs, subscription)
    (context,) = recorder.contexts
    assert 9_000 < context.get_remaining_time_in_millis() <= 10_000
    assert context.aws_request_id


def test_messages_are_worked_on_side_by_side(
    sqs: "SQSClient", queue: str, subscription: Subscription, tmp_path: Path
) -> None:
    create_queue(sqs, "sample", {"VisibilityTimeout": "60"})
    paths = [tmp_path / str(uuid4()) for _ in range(4)]
    for path in paths:
        sqs.send_message(QueueUrl=queue, MessageBody=f"touch {path}")
    stopping = Event()
    worker = Thread(
        target=serve, args=([subscription],), kwargs={"concurrency": 4, "stopping": stopping}
    )
    worker.start()
    try:
        eventually(lambda: all(path.exists() for path in paths), seconds=1.5)
    finally:
        stopping.set()
        worker.join()
    assert count(sqs, "sample") == 0


def test_a_worker_that_is_stopped_finishes_what_it_has_begun(
    sqs: "SQSClient", queue: str, stack: Stack, tmp_path: Path
) -> None:
    create_queue(sqs, "sample", {"VisibilityTimeout": "60"})
    log, made = tmp_path / "worker.log", tmp_path / "made"
    command = [sys.executable, "-m", "local.worker", "--package", SAMPLE]
    environment = process_environment(stack.env)
    with (
        log.open("wb") as output,
        subprocess.Popen(  # noqa: S603 - our own program
            command, env=environment, cwd=CHECKOUT, stdout=output
        ) as worker,
    ):
        eventually(lambda: says(log, READY), seconds=10)
        sqs.send_message(QueueUrl=queue, MessageBody=f"touch {made}")
        eventually(lambda: hidden(sqs, queue) == 1, seconds=5)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(10) == 0
    assert made.exists()
    assert count(sqs, "sample") == 0


def hidden(sqs: "SQSClient", url: str) -> int:
    answer = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessagesNotVisible"]
    )
    return int(answer["Attributes"]["ApproximateNumberOfMessagesNotVisible"])


def eventually(is_true: Callable[[], bool], *, seconds: float) -> None:
    tick, waiting = 0.02, Event()
    for _ in range(round(seconds / tick)):
        if is_true():
            return
        waiting.wait(tick)
    pytest.fail(f"not true within {seconds} s")
