"""Call the scheduled handlers of the workers on time, as EventBridge does."""

import argparse
import logging
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any
from uuid import uuid4

from chalicelib.core.logging import configure
from local.handlers import WORKERS, Context, Guarded, Schedule, schedules

READY = "schedules ready"  # the stack looks for it

# A stack that was killed has work to pick up: it need not wait for a whole period.
_FIRST_SECONDS = 5.0
_TIMEOUT_SECONDS = 60.0
_FINISH_SECONDS = 8.0
_ACCOUNT = "000000000000"

log = logging.getLogger(__name__)


def event_for(schedule: Schedule, *, region: str) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": _ACCOUNT,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [f"arn:aws:events:{region}:{_ACCOUNT}:rule/{schedule.name}"],
        "detail": {},
    }


def run(schedule: Schedule, *, region: str, stopping: Event) -> None:
    """Call the handler each period. A run that takes longer than its period delays the next."""
    due = time.monotonic() + min(schedule.period_seconds, _FIRST_SECONDS)
    while not stopping.wait(max(0.0, due - time.monotonic())):
        with Guarded(schedule.name):
            schedule.call(
                event_for(schedule, region=region), Context(schedule.name, _TIMEOUT_SECONDS)
            )
        due = max(due + schedule.period_seconds, time.monotonic())


def serve(found: Sequence[Schedule], *, region: str, stopping: Event) -> None:
    threads = [
        Thread(
            target=run, args=(each,), kwargs={"region": region, "stopping": stopping}, daemon=True
        )
        for each in found
    ]
    for thread in threads:
        thread.start()
    names = ", ".join(f"{each.name} each {each.period_seconds:g} s" for each in found)
    print(f"{READY}: {names or 'no handler'}", flush=True)
    stopping.wait()
    deadline = time.monotonic() + _FINISH_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.schedules")
    parser.add_argument("--every", type=float, metavar="SECONDS")
    parser.add_argument("--package", default=WORKERS)
    arguments = parser.parse_args()
    stopping = Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stopping.set())
    configure()
    found = schedules(arguments.package)
    if arguments.every:
        found = [replace(each, period_seconds=arguments.every) for each in found]
    serve(found, region=os.environ["AWS_DEFAULT_REGION"], stopping=stopping)


if __name__ == "__main__":
    main()
