import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.core import tracing
from chalicelib.core.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

BATCH = 10
"""What SQS hands out, and takes, at once."""


class QueueUnavailable(Unavailable):
    message = "The queue does not answer. Try again shortly."


class SqsQueue:
    """Job ids by SQS, each kind of job on the queue of its worker."""

    def __init__(self, queue_of_kind: Mapping[str, str]) -> None:
        self._queue_of_kind = queue_of_kind
        self._urls: dict[str, str] = {}
        config = Config(connect_timeout=3, read_timeout=3, retries={"total_max_attempts": 1})
        # A session of its own: the default one does not bear two threads.
        self._client: SQSClient = boto3.Session().client("sqs", config=config)

    def send(self, job_id: UUID, *, kind: str, delay_seconds: int = 0) -> None:
        if kind not in self._queue_of_kind:  # another release's: after a rollback there may be some
            raise QueueUnavailable(f"No queue takes jobs of the kind {kind}.")
        try:
            with tracing.call("sqs", namespace="aws"):
                self._client.send_message(
                    QueueUrl=self._url(self._queue_of_kind[kind]),
                    MessageBody=json.dumps({"job_id": str(job_id)}),
                    DelaySeconds=delay_seconds,
                    **_trace(),
                )
        except (BotoCoreError, ClientError) as error:
            raise QueueUnavailable from error

    def redrive(self, *, limit: int) -> Mapping[str, int]:
        queues = sorted({*self._queue_of_kind.values()})
        try:
            return {queue: self._redrive(queue, limit) for queue in queues}
        except (BotoCoreError, ClientError) as error:
            raise QueueUnavailable from error

    def _redrive(self, name: str, limit: int) -> int:
        dead_letters, moved = self._url(self._dead_letters_of(name)), 0
        while moved < limit:
            received = self._client.receive_message(
                QueueUrl=dead_letters,
                MaxNumberOfMessages=min(BATCH, limit - moved),
                WaitTimeSeconds=1,
            )
            if not (messages := received.get("Messages")):
                break
            self._move(messages, dead_letters, self._url(name))
            moved += len(messages)
        return moved

    def _move(self, messages: "Sequence[MessageTypeDef]", source: str, target: str) -> None:
        """Send before deleting: what dies in between has sent a message twice, and lost none."""
        ids = list(enumerate(messages))
        sent = self._client.send_message_batch(
            QueueUrl=target,
            Entries=[{"Id": str(number), "MessageBody": each["Body"]} for number, each in ids],
        )
        refused = {entry["Id"] for entry in sent.get("Failed", [])}
        self._client.delete_message_batch(
            QueueUrl=source,
            Entries=[
                {"Id": str(number), "ReceiptHandle": each["ReceiptHandle"]}
                for number, each in ids
                if str(number) not in refused
            ],
        )
        if refused:
            raise QueueUnavailable

    def _dead_letters_of(self, name: str) -> str:
        answer = self._client.get_queue_attributes(
            QueueUrl=self._url(name), AttributeNames=["RedrivePolicy"]
        )
        arn: str = json.loads(answer["Attributes"]["RedrivePolicy"])["deadLetterTargetArn"]
        return arn.rpartition(":")[2]

    def _url(self, name: str) -> str:
        if name not in self._urls:
            self._urls[name] = self._client.get_queue_url(QueueName=name)["QueueUrl"]
        return self._urls[name]


def _trace() -> dict[str, Any]:
    """Return what takes the trace along, for the worker to go on with."""
    if (place := tracing.here()) is None:
        return {}
    header = {"DataType": "String", "StringValue": place.header}
    return {"MessageSystemAttributes": {"AWSTraceHeader": header}}
