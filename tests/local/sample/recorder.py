"""Handlers to try the runners with."""

import time
from pathlib import Path
from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Rate, SQSEvent

handlers = Blueprint(__name__)

events: list[dict[str, Any]] = []
contexts: list[Any] = []


class Refused(Exception):
    """What the handler raises when it is told to."""


@handlers.on_sqs_message(queue="sample", batch_size=1, name="recorder")
def record(event: SQSEvent) -> None:
    events.append(event.to_dict())
    contexts.append(event.context)
    for message in event:
        if message.body == "fail":
            raise Refused
        if message.body.startswith("touch "):
            time.sleep(0.5)
            Path(message.body.removeprefix("touch ")).touch()


@handlers.schedule(Rate(5, unit=Rate.MINUTES), name="clock")
def tick(event: CloudWatchEvent) -> None:
    events.append(event.to_dict())
