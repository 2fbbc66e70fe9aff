"""What our own code adds to a generation: the whole stack over HTTP, against the vendors' time.

No generation can be faster than its longest chain of vendor calls: the moderation, and the image
after it. The texts are written at the same time as the image.
"""

import time
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import psycopg2
import requests

from bench.samples import show
from bench.shares import picture_shares
from local.sign_in import sign_in
from local.stack import Stack
from local.vendors.control import Control

TEXT_MS, MODERATION_MS, IMAGE_MS = 300, 50, 1500
CHAIN_MS = MODERATION_MS + IMAGE_MS
JOBS = 8
GOAL = 1.10
POLL_SECONDS = 0.02
PATIENCE_SECONDS = 60
REQUEST_SECONDS = 10

DESCRIPTION = (
    "{name} is endlessly curious and sees poetry in machines, loves the sea at night, and always "
    "finishes what she starts. Quiet in crowds, warm with friends."
)

# Every write to a job leaves the time and what the job had come to.
MARKS = """
CREATE TABLE bench_marks (
    job_id uuid, at timestamptz, status text, moderated boolean, ordered boolean, stored boolean
);
CREATE FUNCTION bench_mark() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO bench_marks VALUES (
        NEW.id, clock_timestamp(), NEW.status, NEW.checkpoint ? 'moderated',
        NEW.checkpoint ? 'image:dall-e', NEW.checkpoint #> '{image:dall-e,image}' IS NOT NULL
    );
    RETURN NULL;
END $$;
CREATE TRIGGER bench_mark AFTER UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION bench_mark();
"""
TIMES = """
SELECT job.created_at, job.started_at,
       min(mark.at) FILTER (WHERE mark.moderated),
       min(mark.at) FILTER (WHERE mark.ordered),
       min(mark.at) FILTER (WHERE mark.stored),
       job.finished_at
FROM jobs job JOIN bench_marks mark ON mark.job_id = job.id
WHERE job.id = %s GROUP BY job.id
"""
PARTS = (
    ("in the queue: commit, send, receive, claim", 0),
    ("moderation", MODERATION_MS),
    ("order recorded", 0),
    ("image: call, decode, encode, PUT, record", IMAGE_MS),
    ("published", 0),
    ("the client: POST until the row, ready until the poll", 0),
)


class GenerationFailed(Exception):
    """A persona did not become ready, so that there is nothing to measure."""


@dataclass(frozen=True)
class Generation:
    post_ms: float
    ready_ms: float
    """As the client sees it: from the POST to the first poll that says ready."""
    times: tuple[datetime, ...]

    @property
    def job_ms(self) -> float:
        return _ms(self.times[1], self.times[-1])


def main() -> None:
    with TemporaryDirectory() as directory, Stack(Path(directory), fsync=True) as stack:
        control = Control(stack.env["OPENAI_BASE_URL"].removesuffix("/v1"))
        control.latency(text=TEXT_MS, moderation=MODERATION_MS, image=IMAGE_MS)
        token = sign_in(stack.env, "Bench")["access_token"]
        client = Client(stack.env["API_URL"], token)
        database = psycopg2.connect(stack.env["DATABASE_URL"].replace("+psycopg2", ""))
        database.autocommit = True
        with database.cursor() as cursor:
            cursor.execute(MARKS)
            cold = generate(client, cursor, "Cold")
            warm = [generate(client, cursor, f"Ada {number}") for number in range(JOBS)]
        database.close()
        report(cold, warm)
        show(
            "Inside the image's part, alone and warm (ms, median)",
            ("", "ms"),
            picture_shares(stack.env),
        )


class Client:
    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, json: object = None) -> dict[str, Any]:
        response = self._http.request(method, self._url + path, json=json, timeout=REQUEST_SECONDS)
        response.raise_for_status()
        body: dict[str, Any] = response.json()
        return body


def generate(client: Client, cursor: Any, name: str) -> Generation:
    started = time.perf_counter()
    wish = {"name": name, "description": DESCRIPTION.format(name=name)}
    job_id = client.call("POST", "/personas/generate", wish)["job"]["id"]
    posted = time.perf_counter()
    _await_ready(client)
    ready = time.perf_counter()
    cursor.execute(TIMES, (job_id,))
    return Generation((posted - started) * 1000, (ready - started) * 1000, cursor.fetchone())


def _await_ready(client: Client) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        mine = client.call("GET", "/personas/me")
        if mine["generation_status"] == "failed":
            raise GenerationFailed(mine["generation"]["error"])
        if mine["generation_status"] == "ready":
            if mine["persona"]["warnings"]:
                raise GenerationFailed(mine["persona"]["warnings"])
            return
        time.sleep(POLL_SECONDS)
    raise GenerationFailed(f"not ready after {PATIENCE_SECONDS} s")


def report(cold: Generation, warm: list[Generation]) -> None:
    print(f"\nVendors: text {TEXT_MS} ms, moderation {MODERATION_MS} ms, image {IMAGE_MS} ms.")
    print(f"Longest chain: moderation, then the image: {CHAIN_MS} ms.")
    rows = {
        "first job of the worker": cold,
        **{f"job {number}": each for number, each in enumerate(warm, 1)},
    }
    job = median(each.job_ms for each in warm)
    ready = median(each.ready_ms for each in warm)
    show(
        "Generations, one after another (ms)",
        ("", "claim to finish", f"x chain (goal {GOAL:.2f})", "POST to ready", "x chain"),
        [
            *([name, *_ratios(each.job_ms, each.ready_ms)] for name, each in rows.items()),
            [f"median without the first ({len(warm)})", *_ratios(job, ready)],
        ],
    )
    show(
        "Where the time goes (ms; median without the first, and the first)",
        ("", "ms", "excess", "first"),
        [[*row, f"{ms:.0f}"] for row, ms in zip(_parts(warm), _all_parts_ms(cold), strict=True)],
    )


def _ratios(job_ms: float, ready_ms: float) -> list[str]:
    return [
        f"{job_ms:.0f}",
        f"{job_ms / CHAIN_MS:.3f}",
        f"{ready_ms:.0f}",
        f"{ready_ms / CHAIN_MS:.3f}",
    ]


def _parts(warm: list[Generation]) -> list[list[str]]:
    columns = zip(*map(_all_parts_ms, warm), strict=True)
    took = zip(PARTS, map(median, columns), strict=True)
    return [[name, f"{ms:.1f}", f"{ms - vendor:+.1f}"] for (name, vendor), ms in took]


def _all_parts_ms(generation: Generation) -> list[float]:
    inside = [_ms(start, end) for start, end in pairwise(generation.times)]
    return [*inside, generation.ready_ms - sum(inside)]


def _ms(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() * 1000
