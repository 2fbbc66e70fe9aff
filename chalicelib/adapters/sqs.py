import json
from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import UUID

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.core.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


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
        try:
            self._client.send_message(
                QueueUrl=self._url(self._queue_of_kind[kind]),
                MessageBody=json.dumps({"job_id": str(job_id)}),
                DelaySeconds=delay_seconds,
            )
        except (BotoCoreError, ClientError) as error:
            raise QueueUnavailable from error

    def _url(self, name: str) -> str:
        if name not in self._urls:
            self._urls[name] = self._client.get_queue_url(QueueName=name)["QueueUrl"]
        return self._urls[name]
