"""What a process of a campaign can be told to do: each is something the product does."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from chalicelib import wiring
from chalicelib.workers.persona_generator import persona_generator
from chalicelib.workers.sweeper import sweeper
from local.handlers import Schedule
from local.schedules import event_for
from tests.campaigns.mail import LogQueue, Message
from tests.campaigns.watch import Seen, Watch
from tests.client import Api

MAIL = "CAMPAIGN_MAIL"
EACH_MINUTE = Schedule("sweeper", sweeper, period_seconds=60)


def mail() -> LogQueue:
    return LogQueue(Path(os.environ[MAIL]))


def accept(token: str, name: str, model: str) -> tuple[int, dict[str, Any]]:
    answer = Api({}, token=token).generate(name, image_model=model)
    return answer.status, answer.json


def deliver(messages: Sequence[Message]) -> None:
    """Hand each message to the worker and delete it once the worker returns, as Lambda does."""
    for message in messages:
        body = json.dumps({"job_id": message.job_id})
        record = {"messageId": message.id, "receiptHandle": message.id, "body": body}
        persona_generator({"Records": [record]}, None)
        mail().delete(message.id)


def watch(messages: Sequence[Message]) -> Seen:
    with Watch() as seen:
        deliver(messages)
    return seen


def sweep() -> None:
    sweeper(event_for(EACH_MINUTE, region="us-east-1"), None)


def post(token: str, path: str) -> int:
    return Api({}, token=token).post(path).status


def use_mail() -> None:
    """Put the campaign's queue where SQS would be."""
    wiring.ports().__dict__["queue"] = mail()


ROLES: Mapping[str, Callable[..., Any]] = {
    "accept": accept,
    "deliver": deliver,
    "watch": watch,
    "sweep": sweep,
    "post": post,
}
