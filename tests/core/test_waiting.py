"""`Prefer: wait=n`: the answer is held back until the job has ended."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.db import reading
from chalicelib.core.models import Job, User
from chalicelib.core.waiting import (
    LONGEST_SECONDS,
    LOOK_PATIENCE_SECONDS,
    preferred_seconds,
    settled_by,
)
from chalicelib.workers.sweeper import sweep
from local.vendors.control import Control
from tests.client import Answer, Api
from tests.conftest import Worker
from tests.core.described import operations_with

APPLIED = "Preference-Applied"
WISH = {"name": "Ada", "description": "Ada is curious."}


def generate(api: Api, prefer: str, **headers: str) -> Answer:
    return api.post("/personas/generate", WISH, prefer=prefer, **headers)


@pytest.fixture
def meanwhile() -> Iterator[Callable[[Callable[[], Answer]], Future[Answer]]]:
    """Send a request from a thread of its own."""
    with ThreadPoolExecutor(8) as pool:
        yield pool.submit


def work_on(worker: Worker, waiting: Future[Answer]) -> Answer:
    """Let the worker run until the request that waits for it is answered."""
    while not waiting.done():
        worker.work()
        time.sleep(0.02)
    return waiting.result()


def test_a_job_that_ends_in_time_is_answered_with_its_end(
    api: Api, worker: Worker, meanwhile: Callable[..., Future[Answer]]
) -> None:
    answer = work_on(worker, meanwhile(generate, api, "wait=99"))
    assert (answer.status, answer.headers[APPLIED]) == (200, f"wait={LONGEST_SECONDS}")
    accepted = answer.json
    assert (accepted["generation_status"], accepted["job"]["status"]) == ("ready", "succeeded")
    assert answer.headers["Location"] == f"/jobs/{accepted['job']['id']}"
    assert "Retry-After" not in answer.headers


def test_a_job_that_fails_is_answered_with_its_error(
    api: Api, worker: Worker, ai: Control, meanwhile: Callable[..., Future[Answer]]
) -> None:
    name = f"Ada {uuid4().hex[:8]}"
    ai.fail("moderation", "flagged", contains=name)
    wish = WISH | {"name": name}
    request = meanwhile(api.post, "/personas/generate", wish, prefer="wait=20")
    answer = work_on(worker, request)
    assert (answer.status, answer.json["generation_status"]) == (200, "failed")
    assert answer.json["job"]["error"]["code"] == "content_policy"


def test_a_job_that_takes_longer_is_answered_as_ever(api: Api, worker: Worker) -> None:
    started = time.monotonic()
    answer = generate(api, "respond-async, wait=1")
    assert time.monotonic() - started > 0.7
    assert (answer.status, answer.headers[APPLIED]) == (202, "wait=1")
    assert (answer.json["job"]["status"], answer.headers["Retry-After"]) == ("queued", "2")


@pytest.mark.parametrize(
    "prefer",
    ["", "wait", "wait=", "wait=0", "wait=-1", "wait=1.5", "wait=ten", 'wait="9', "await=9"],
)
def test_what_cannot_be_read_is_no_preference(api: Api, worker: Worker, prefer: str) -> None:
    answer = generate(api, prefer)
    assert (answer.status, answer.headers.get(APPLIED)) == (202, None)


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        ("wait=5", 5),
        ("WAIT = 5", 5),
        ('wait="5"', 5),
        ("return=minimal, wait=5; foo=bar", 5),
        ("wait=5, wait=9", 5),
        ("wait=100", LONGEST_SECONDS),
        ("wait=99999999999", 0),
        ("x=y;wait=5", 0),
    ],
)
def test_a_preference_is_read_as_the_rfc_writes_it(prefer: str, seconds: int) -> None:
    assert preferred_seconds({"prefer": prefer}) == seconds


def test_who_waits_holds_no_connection(
    api: Api, worker: Worker, meanwhile: Callable[..., Future[Answer]]
) -> None:
    job_id = api.generate().json["job"]["id"]
    waiting = [meanwhile(api.get, f"/jobs/{job_id}", prefer="wait=2") for _ in range(8)]
    assert [api.get("/auth/me").status for _ in range(10)] == [200] * 10
    assert not any(request.done() for request in waiting)
    assert {request.result().status for request in waiting} == {200}


def test_what_was_accepted_stays_so_when_looking_fails(
    api: Api, session: Session, worker: Worker, meanwhile: Callable[..., Future[Answer]]
) -> None:
    waiting = meanwhile(generate, api, "wait=20")
    while not api.get("/jobs").json["items"]:
        time.sleep(0.02)
    session.execute(sa.delete(User).where(User.id == api.user["id"]))
    answer = waiting.result()
    assert (answer.status, answer.json["job"]["status"]) == (202, "queued")


def test_a_database_that_is_silent_at_the_last_look_is_not_waited_for(api: Api) -> None:
    def look() -> bool:
        with reading() as session:
            session.execute(sa.text("SELECT pg_sleep(4.5)"))
        return True

    started = time.monotonic()
    assert settled_by(started, look) is None
    assert LOOK_PATIENCE_SECONDS <= time.monotonic() - started < 4.4
    with reading() as session:
        assert session.scalar(sa.text("SELECT 1")) == 1


def test_the_first_answer_is_the_one_that_is_repeated(
    api: Api, worker: Worker, meanwhile: Callable[..., Future[Answer]]
) -> None:
    waiting = meanwhile(generate, api, "wait=20", idempotency_key="k")
    assert work_on(worker, waiting).status == 200
    again = generate(api, "wait=20", idempotency_key="k")
    assert (again.status, again.json["job"]["status"]) == (202, "queued")
    assert (again.headers["Idempotency-Replayed"], again.headers.get(APPLIED)) == ("true", None)


def test_a_look_at_a_job_may_wait_too(
    api: Api, worker: Worker, meanwhile: Callable[..., Future[Answer]]
) -> None:
    path = f"/jobs/{api.generate().json['job']['id']}"
    etag = api.get(path).headers["ETag"]
    waiting = meanwhile(api.get, path, prefer="wait=20", if_none_match=etag)
    answer = work_on(worker, waiting)
    assert (answer.status, answer.json["status"]) == (200, "succeeded")
    assert APPLIED not in api.get(path, prefer="wait=20").headers


def test_a_job_that_is_tried_again_may_be_waited_for(
    api: Api, session: Session, worker: Worker, meanwhile: Callable[..., Future[Answer]]
) -> None:
    job_id = api.generate().json["job"]["id"]
    worker.forget()
    session.execute(sa.update(Job).where(Job.id == job_id).values(deadline=sa.func.now()))
    sweep()
    answer = work_on(worker, meanwhile(api.post, f"/jobs/{job_id}/retry", prefer="wait=20"))
    assert (answer.status, answer.json["status"]) == (200, "succeeded")


def test_the_description_says_what_may_be_waited_for(visitor: Api) -> None:
    named = operations_with(visitor, "Prefer")
    assert named >= {
        ("get", "/jobs/{job_id}"),
        ("post", "/jobs/{job_id}/retry"),
        ("post", "/personas/generate"),
    }


def test_the_longest_wait_ends_before_the_function_and_the_gateway_do(checkout: Path) -> None:
    config = json.loads((checkout / ".chalice" / "config.json").read_text())
    last_word = LONGEST_SECONDS + LOOK_PATIENCE_SECONDS
    assert last_word + 1 < config["stages"]["dev"]["lambda_timeout"] < 29
