"""Deliver the messages of the queues to the workers, as Lambda's event source mapping does."""

import argparse
import json
import logging
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from threading import Event, Semaphore, Thread
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.core.logging import bound, configure
from local.handlers import WORKERS, Context, Guarded, Subscription, subscriptions

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

READY = "worker ready"  # the stack looks for it

_WAIT_SECONDS = 1
_PAUSE_SECONDS = 1.0
_FINISH_SECONDS = 8.0
_VISIBILITY_PER_TIMEOUT = 6

log = logging.getLogger(__name__)


class Consumer:
    """One handler at its queue."""

    def __init__(self, sqs: "SQSClient", subscription: Subscription) -> None:
        self._sqs = sqs
        self._subscription = subscription
        self._url = sqs.get_queue_url(QueueName=subscription.queue)["QueueUrl"]
        attributes = sqs.get_queue_attributes(
            QueueUrl=self._url, AttributeNames=["QueueArn", "VisibilityTimeout"]
        )["Attributes"]
        self._arn = attributes["QueueArn"]
        # AWS asks for a visibility of six times the function's timeout.
        self._timeout_seconds = int(attributes["VisibilityTimeout"]) / _VISIBILITY_PER_TIMEOUT

    def receive(self, *, wait_seconds: int) -> "list[MessageTypeDef]":
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=self._subscription.batch_size,
            WaitTimeSeconds=wait_seconds,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return answer.get("Messages", [])

    def deliver(self, messages: "Sequence[MessageTypeDef]") -> bool:
        """Call the handler, and delete the messages if it returns.

        If it raises, the messages stay: the queue shows them again when their visibility ends, and
        after enough receives moves them to its dead-letter queue.
        """
        name = self._subscription.name
        event = {"Records": [self._record(message) for message in messages]}
        with bound(**_job_of(messages[0])), Guarded(name) as call:
            self._subscription.call(event, Context(name, self._timeout_seconds))
        if call.has_failed:
            return False
        for message in messages:
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return True

    def _record(self, message: "MessageTypeDef") -> dict[str, Any]:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {
                name: {_lower_first(key): value for key, value in attribute.items()}
                for name, attribute in message.get("MessageAttributes", {}).items()
            },
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._arn,
            "awsRegion": self._sqs.meta.region_name,
        }


class Runner:
    """Take messages while there is a free place for them, and work on them side by side."""

    def __init__(self, consumer: Consumer, *, places: int) -> None:
        self._consumer = consumer
        self._places = places
        self._free = Semaphore(places)

    def run(self, stopping: Event) -> None:
        while not stopping.is_set():
            if not self._free.acquire(timeout=_WAIT_SECONDS):
                continue
            if messages := self._receive(stopping):
                Thread(target=self._work, args=(messages,), daemon=True).start()
            else:
                self._free.release()

    def finish(self, deadline: float) -> bool:
        """Wait for the work that goes on; tell whether all of it has ended in time."""
        return all(
            self._free.acquire(timeout=max(0.0, deadline - time.monotonic()))
            for _ in range(self._places)
        )

    def _receive(self, stopping: Event) -> "list[MessageTypeDef]":
        try:
            return self._consumer.receive(wait_seconds=_WAIT_SECONDS)
        except (BotoCoreError, ClientError) as error:
            log.warning("the queue does not answer", extra={"error": str(error)})
            stopping.wait(_PAUSE_SECONDS)
            return []

    def _work(self, messages: "list[MessageTypeDef]") -> None:
        try:
            self._consumer.deliver(messages)
        finally:
            self._free.release()


def drain(sqs: "SQSClient", subscription: Subscription, *, limit: int = 100) -> int:
    """Deliver, here and now, what the queue shows; return how many deliveries were made."""
    consumer = Consumer(sqs, subscription)
    for count in range(limit):
        if not (messages := consumer.receive(wait_seconds=0)):
            return count
        consumer.deliver(messages)
    return limit


def serve(found: Sequence[Subscription], *, concurrency: int, stopping: Event) -> None:
    sqs = boto3.client("sqs")
    runners = [Runner(Consumer(sqs, each), places=concurrency) for each in found]
    receivers = [Thread(target=runner.run, args=(stopping,)) for runner in runners]
    for receiver in receivers:
        receiver.start()
    names = ", ".join(f"{each.name} takes from {each.queue}" for each in found) or "no handler"
    print(f"{READY}: {names}", flush=True)
    stopping.wait()
    for receiver in receivers:
        receiver.join()
    deadline = time.monotonic() + _FINISH_SECONDS
    if not all(runner.finish(deadline) for runner in runners):
        log.warning("stopped in the middle of a message; the queue will show it again")


def _job_of(message: "MessageTypeDef") -> dict[str, str]:
    """Say which job the message is about, if it is about one."""
    with suppress(ValueError, LookupError, TypeError, RecursionError):
        return {"job_id": str(json.loads(message["Body"])["job_id"])}
    return {}


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.worker")
    parser.add_argument("--concurrency", type=int, default=4)
    parser.add_argument("--package", default=WORKERS)
    arguments = parser.parse_args()
    stopping = Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stopping.set())
    configure()
    found = subscriptions(arguments.package)
    serve(found, concurrency=arguments.concurrency, stopping=stopping)


if __name__ == "__main__":
    main()
