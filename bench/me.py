"""What a poll costs once the function is warm: GET /personas/me through the Lambda handler."""

import cProfile
import json
import logging
import os
import pstats
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from bench.floor import Floor, quiet
from bench.samples import interleaved, show
from bench.wire import Relay
from local.stack import Stack

ROUNDS, BLOCK = 60, 100
COUNTED = 100
GOAL = 5.0

Handler = Callable[[Mapping[str, Any], None], dict[str, Any]]


class Sample(NamedTuple):
    cpu_us: float
    wall_us: float


def main() -> None:
    with TemporaryDirectory() as directory, Stack(Path(directory), backing_only=True) as stack:
        os.environ |= stack.env | {"DATABASE_POOL_SIZE": "1"}
        measure(stack)


def measure(stack: Stack) -> None:
    # These read the settings, which are there only now.
    from app import app  # noqa: PLC0415
    from bench.rows import add_polling, add_ready  # noqa: PLC0415
    from chalicelib import migrations  # noqa: PLC0415

    migrations.upgrade()
    log = quiet()
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(log)
    floor = Floor(stack.env, log)
    cases = {
        "a first generation is running: what clients poll": request_of(add_polling()),
        "the persona is ready: its image's URL is signed by boto3 in both": request_of(add_ready()),
    }
    print(f"\nGET /personas/me: {ROUNDS} blocks of {BLOCK} requests each, interleaved; PostgreSQL")
    print("with fsync off; the access log of both goes to /dev/null.")
    for title, event in cases.items():
        compare(title, event, {"floor, by hand": floor, "the API: app.app": app})
    count_round_trips(app, cases, port=stack.port_of["postgres"])


def request_of(user_id: UUID) -> dict[str, Any]:
    """Return what API Gateway sends for the user's poll."""
    from chalicelib.auth.guards import access_keys  # noqa: PLC0415
    from chalicelib.auth.tokens import sign_access_token  # noqa: PLC0415

    now = int(time.time())
    token = sign_access_token(access_keys(), user_id=user_id, session_id=uuid4(), now=now)
    headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
    return {
        "resource": "/personas/me",
        "path": "/personas/me",
        "httpMethod": "GET",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/personas/me",
            "httpMethod": "GET",
            "path": "/v1/personas/me",
            "stage": "v1",
            "requestId": str(uuid4()),
            "identity": {"sourceIp": "192.0.2.1"},
        },
        "body": None,
        "isBase64Encoded": False,
    }


def compare(title: str, event: Mapping[str, Any], handlers: Mapping[str, Handler]) -> None:
    answers = [comparable(handler(event, None)) for handler in handlers.values()]
    if answers[0] != answers[1]:
        raise AssertionError(f"the floor answers something else:\n{answers[0]}\n{answers[1]}")
    blocks = {name: partial(block, handler, event) for name, handler in handlers.items()}
    for prepare in blocks.values():
        prepare()
    taken = interleaved(blocks, rounds=ROUNDS)
    rows = {name: [sample for part in parts for sample in part] for name, parts in taken.items()}
    floor, *_ = (median(sample.cpu_us for sample in samples) for samples in rows.values())
    show(
        f"{title} ({len(handlers['floor, by hand'](event, None)['body'])} bytes)",
        ("", "CPU us p50", "p90", f"x floor (goal {GOAL:g})", "wall us p50", "calls"),
        [
            [name, *figures(samples, floor), str(calls(handlers[name], event))]
            for name, samples in rows.items()
        ],
    )


def comparable(answer: Mapping[str, Any]) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Leave out what differs from one moment to the next: the signature and its time."""
    content = json.loads(answer["body"])
    if content["persona"] is not None:
        image = content["persona"]["image"]
        image["url"], image["expires_at"] = image["url"].partition("?")[0], None
    stable = {name: text for name, text in answer["headers"].items() if name != "ETag"}
    return answer["statusCode"], stable, content


def block(handler: Handler, event: Mapping[str, Any]) -> list[Sample]:
    samples = []
    for _ in range(BLOCK):
        wall, cpu = time.perf_counter_ns(), time.process_time_ns()
        handler(event, None)
        cpu, wall = time.process_time_ns() - cpu, time.perf_counter_ns() - wall
        samples.append(Sample(cpu / 1000, wall / 1000))
    return samples


def figures(samples: list[Sample], floor: float) -> list[str]:
    cpu = [sample.cpu_us for sample in samples]
    wall = median(sample.wall_us for sample in samples)
    p90 = quantiles(cpu, n=10)[-1]
    return [f"{median(cpu):.0f}", f"{p90:.0f}", f"{median(cpu) / floor:.1f}", f"{wall:.0f}"]


def calls(handler: Handler, event: Mapping[str, Any]) -> int:
    """Count the calls of functions: exact, and the same on every machine."""
    profile = cProfile.Profile()
    profile.runcall(handler, event, None)
    return int(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]


def count_round_trips(app: Handler, cases: Mapping[str, Mapping[str, Any]], *, port: int) -> None:
    """Read along between the API and PostgreSQL."""
    from chalicelib.core import config, db  # noqa: PLC0415

    rows = []
    with Relay(port) as relay:
        os.environ["DATABASE_URL"] = os.environ["DATABASE_URL"].replace(
            f":{port}", f":{relay.port}"
        )
        config.settings.cache_clear()
        db.dispose()
        for title, event in cases.items():
            app(event, None)
            with relay.listening() as heard:
                for _ in range(COUNTED):
                    app(event, None)
            said = ", ".join(f"{name} x {count}" for name, count in heard.messages.items())
            rows.append([title.partition(":")[0], str(COUNTED), str(heard.turns), said])
        db.dispose()
    show(
        "The API on the wire to PostgreSQL, connected already",
        ("", "requests", "round trips", "messages"),
        rows,
    )
