"""What a process of a campaign can be told to do: each is something the product does."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from chalicelib import wiring
from chalicelib.jobs.announcements import DELIVER_WEBHOOK
from chalicelib.workers.persona_generator import persona_generator
from chalicelib.workers.sweeper import sweeper
from chalicelib.workers.webhooks import webhooks
from local.handlers import Schedule
from local.schedules import event_for
from tests.campaigns.mail import LogQueue, Message
from tests.campaigns.watch import Seen, Watch
from tests.client import Api
from tests.receiver import Heard, hand_on

MAIL = "CAMPAIGN_MAIL"
EACH_MINUTE = Schedule("sweeper", sweeper, period_seconds=60)


def mail() -> LogQueue:
    return LogQueue(Path(os.environ[MAIL]))


def ask(
    token: str, path: str, wish: Mapping[str, Any], headers: Mapping[str, str]
) -> tuple[int, dict[str, Any]]:
    answer = Api({}, token=token).post(path, wish, **headers)
    return answer.status, answer.json


def deliver(messages: Sequence[Message]) -> None:
    """Hand each message to its worker and delete it once the worker returns, as Lambda does."""
    for message in messages:
        body = json.dumps({"job_id": message.job_id})
        record = {"messageId": message.id, "receiptHandle": message.id, "body": body}
        handler = webhooks if message.kind == DELIVER_WEBHOOK else persona_generator
        handler({"Records": [record]}, None)
        mail().delete(message.id)


def watch(messages: Sequence[Message]) -> Seen:
    with Watch() as seen:
        deliver(messages)
    return seen


def sweep() -> None:
    sweeper(event_for(EACH_MINUTE, region="us-east-1"), None)


def post(token: str, path: str) -> int:
    return Api({}, token=token).post(path).status


def hear(notice: Heard) -> int:
    return hand_on(Api({}), notice).status


def use_mail() -> None:
    """Put the campaign's queue where SQS would be."""
    wiring.ports().__dict__["queue"] = mail()


ROLES: Mapping[str, Callable[..., Any]] = {
    "ask": ask,
    "deliver": deliver,
    "watch": watch,
    "sweep": sweep,
    "post": post,
    "hear": hear,
}
