"""What is logged helps to find a fault, and tells nothing about anybody."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.logging import JsonFormatter, bound
from chalicelib.workers.sweeper import sweep
from local.sign_in import id_token
from local.stack import Stack
from local.vendors.control import Control
from tests.client import Answer, Api
from tests.conftest import Log, Worker
from tests.personas.lives import begin


@pytest.fixture
def canary() -> str:
    return f"canary{uuid4().hex}"


@dataclass
class Witness(Api):
    """The API for somebody who keeps every answer."""

    answers: list[Answer] = field(default_factory=list)

    def request(self, *args: Any, **options: Any) -> Answer:
        answer = super().request(*args, **options)
        self.answers.append(answer)
        return answer


@pytest.fixture
def witness(stack: Stack) -> Witness:
    """Nobody yet: what is done before the log is open is not seen by it."""
    return Witness(stack.env)


def lines_of(log: Log) -> list[dict[str, Any]]:
    """Every line, each a JSON object; whatever a viewer takes for the end of a line counts."""
    lines = [json.loads(line) for line in log.text.splitlines()]
    assert all(isinstance(line, dict) for line in lines)
    return lines


def assert_one_access_line_each(log: Log, answers: list[Answer]) -> None:
    seen = [(line["request_id"], line["status"]) for line in access_lines(log)]
    assert seen == [(answer.headers["X-Request-Id"], answer.status) for answer in answers]


def access_lines(log: Log) -> list[dict[str, Any]]:
    return [line for line in lines_of(log) if line["message"] == "request"]


def _secrets_of(stack: Stack) -> list[str]:
    """Every password and key that the settings hold."""
    names = ("OPENAI_API_KEY", "REPLICATE_API_TOKEN", "REFRESH_TOKEN_KEY", "AWS_SECRET_ACCESS_KEY")
    password = urlsplit(stack.env["DATABASE_URL"]).password
    keys = json.loads(stack.env["ACCESS_TOKEN_KEYS"])
    return [*(stack.env[name] for name in names), str(password), *keys.values()]


def test_a_whole_life_leaves_no_secret_in_the_log(
    stack: Stack, worker: Worker, ai: Control, log: Log, witness: Witness, canary: str
) -> None:
    token, nonce = id_token(stack.env, f"Person {canary}")
    sign_in = {"token": token, "nonce": nonce}
    tokens = witness.post("/auth/google-login", sign_in).json
    assert witness.post("/auth/google-login", sign_in).status == 401
    witness.token = tokens["access_token"]
    witness.generate(f"Name {canary}", description=f"She is {canary}, calm and kind.")
    worker.work()
    persona = witness.get("/personas/me").json["persona"]
    picture = witness.get(f"/personas/{persona['id']}/image").headers["Location"]
    witness.patch("/auth/me", {"display_name": f"New {canary}"})
    renewed = witness.post("/auth/refresh", {"refresh_token": tokens["refresh_token"]}).json
    again = witness.post("/auth/refresh", {"refresh_token": renewed["refresh_token"]}).json
    assert witness.post("/auth/refresh", {"refresh_token": tokens["refresh_token"]}).status == 401
    witness.post("/auth/logout", {"refresh_token": again["refresh_token"], "everywhere": True})
    sweep()

    every = (tokens, renewed, again)
    secrets = [
        canary,
        token,
        *token.split("."),
        nonce,
        *(one[kind] for one in every for kind in ("access_token", "refresh_token")),
        tokens["user"]["email"],
        *(persona[name] for name in ("motto", "summary", "greeting", "system_prompt", "name")),
        *persona["examples"],
        *(_signature(url) for url in (persona["image"]["url"], picture)),
        *_secrets_of(stack),
    ]
    assert [secret for secret in secrets if secret in log.text] == []
    assert_one_access_line_each(log, witness.answers)
    assert {"request", "started", "succeeded", "swept"} <= {
        line["message"] for line in lines_of(log)
    }


def _signature(url: str) -> str:
    [signature] = parse_qs(urlsplit(url).query)["X-Amz-Signature"]
    return signature


FAULTS = [
    ("moderation", "flagged", "failed"),
    ("moderation", "500", "will try again"),
    ("moderation", "401", "failed"),
    ("text", "refusal", "failed"),
    ("text", "content_policy_violation", "failed"),
    ("text", "schema_invalid", "failed"),
    ("text", "too_long", "succeeded"),
    ("text", "invalid_json", "will try again"),
    ("text", "reset", "will try again"),
    ("image", "moderation_blocked", "failed"),
    ("image", "model_not_found", "no image"),
    ("image", "429", "no image for now"),
    ("image", "bad_base64", "no image"),
    ("image", "bomb", "no image"),
]


@pytest.mark.parametrize(("operation", "kind", "said"), FAULTS)
def test_a_vendor_that_fails_is_logged_without_what_it_was_asked(
    api: Api,
    worker: Worker,
    ai: Control,
    log: Log,
    stack: Stack,
    canary: str,
    operation: str,
    kind: str,
    said: str,
) -> None:
    ai.fail(operation, kind, contains=canary, times=9)
    api.generate(f"Name {canary}", description=f"She is {canary}, calm and kind.")
    worker.work()
    assert said in {line["message"] for line in lines_of(log)}
    assert [each for each in (canary, *_secrets_of(stack)) if each in log.text] == []


@pytest.mark.parametrize("kind", ["401", "failed", "foreign_url", "empty"])
def test_the_other_vendor_that_fails_is_logged_likewise(
    api: Api, worker: Worker, ai: Control, log: Log, stack: Stack, canary: str, kind: str
) -> None:
    ai.fail("prediction", kind, contains=canary)
    api.generate(f"Name {canary}", image_model="openjourney")
    worker.work()
    assert "no image" in {line["message"] for line in lines_of(log)}
    assert [each for each in (canary, *_secrets_of(stack)) if each in log.text] == []


def test_what_every_line_of_a_job_says(api: Api, worker: Worker, log: Log) -> None:
    job_id = api.generate().json["job"]["id"]
    worker.work()
    said = [line["message"] for line in lines_of(log) if line.get("job_id") == job_id]
    assert (said[0], said[-1]) == ("started", "succeeded")


@pytest.mark.parametrize(
    "place",
    [
        "/personas/{}",
        "/personas/{}/image",
        "/jobs/{}",
        "/personas?name={}",
        "/personas?{}=1",
        "/jobs?cursor={}",
        "/jobs?kind={}",
        "/{}",
        "/auth/me/{}",
        "/health?{}",
        "/%0a{}",
    ],
)
def test_what_stands_in_an_address_is_not_logged(
    api: Api, log: Log, canary: str, place: str
) -> None:
    assert api.get(place.format(canary)).status >= 200
    assert canary not in log.text
    assert len(lines_of(log)) <= 2


def test_a_refused_request_is_not_logged(api: Api, log: Log, witness: Witness, canary: str) -> None:
    witness.token = api.token
    bodies = [
        f'{{"name": "{canary}"',
        f'{{"name": "{canary}", "{canary}": 1}}',
        f'"{canary}"',
        f'{{"name": "{canary}\\u0000", "description": "{canary}"}}',
        f'{{"name": "{canary * 5}", "description": "{canary}"}}',
        f'{{"name": "Ada", "description": "x", "motto_tone": "{canary}"}}',
    ]
    for body in bodies:
        answer = witness.request("POST", "/personas/generate", raw=body.encode())
        assert answer.status in {400, 422}
    jwt = f"{canary}.{canary}.{canary}"
    witness.post("/auth/google-login", {"token": jwt, "nonce": canary})
    witness.post("/auth/google-login", {"token": jwt, "nonce": canary, "provider": canary})
    witness.post("/auth/refresh", {"refresh_token": canary})
    witness.patch("/auth/me", {"timezone": canary, "locale": canary})
    for value in (f"Bearer {canary}", f"Bearer {jwt}", f"Basic {canary}", canary):
        assert witness.request("GET", "/auth/me", headers={"authorization": value}).status == 401
    witness.get("/auth/me", cookie=canary, user_agent=canary, referer=canary, x_canary=canary)
    witness.get("/auth/me", origin=f"https://{canary}.example", if_none_match=canary)
    witness.request("POST", "/personas/generate", {}, headers={"content-type": canary})
    assert canary not in log.text
    assert_one_access_line_each(log, witness.answers)


def test_what_is_written_by_hand_is_not_logged(
    api: Api, worker: Worker, ai: Control, log: Log, canary: str
) -> None:
    life = begin(api, worker)
    ai.fail("moderation", "flagged", contains=f"{canary} refused")
    ai.fail("moderation", "503", contains=f"{canary} unheard")
    for words in ("refused", "unheard", "taken"):
        life.edit(name=f"{canary} {words}", motto=f"{canary}.", greeting=f"{canary}!")
        life.renew(worker, "images", prompt=f"{canary} {words}, by the sea.")
    life.renew(worker, "motto")
    image = life.images[1]
    api.delete(f"{life.path}/images/{image['id']}", if_match=canary)
    api.delete(life.path, if_match=f'"{canary}"')
    api.delete(life.path)
    assert canary not in log.text
    assert "X-Amz" not in log.text


def _event(**fields: Any) -> dict[str, Any]:
    about = {"httpMethod": "POST", "resourcePath": "/personas/generate", "requestId": "r-1"}
    usual = {
        "requestContext": about,
        "headers": {"content-type": "application/json"},
        "multiValueQueryStringParameters": None,
        "pathParameters": {},
        "stageVariables": None,
        "body": "{}",
        "isBase64Encoded": False,
    }
    return usual | fields


@pytest.mark.parametrize(
    "spoilt",
    [
        {"headers": None},
        {"body": {"name": "canary"}},
        {"body": ["canary"]},
        {"body": "canary", "isBase64Encoded": True},
        {"pathParameters": None},
        {"stageVariables": "canary"},
        {"multiValueQueryStringParameters": "canary"},
        {"multiValueQueryStringParameters": {"canary": "canary"}},
        {"requestContext": {"httpMethod": "GET", "resourcePath": "/jobs/{job_id}"}},
    ],
    ids=str,
)
def test_an_event_that_crashes_the_api_is_logged_without_its_content(
    api: Api, log: Log, spoilt: dict[str, Any]
) -> None:
    from app import app  # noqa: PLC0415

    signed = {"content-type": "application/json", "authorization": f"Bearer {api.token}"}
    answer = app(_event(headers=signed) | spoilt, None)
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert "canary" not in log.text
    assert str(api.token) not in log.text
    assert [line["status"] for line in access_lines(log)] == [answer["statusCode"]]


@contextmanager
def objecting(session: Session, condition: str) -> Iterator[None]:
    """Let the database object to a row, as it does when the code has a bug. In its own words it
    would show the whole row."""
    session.execute(
        sa.text(f"ALTER TABLE personas ADD CONSTRAINT objects CHECK ({condition}) NOT VALID")
    )
    try:
        yield
    finally:
        session.execute(sa.text("ALTER TABLE personas DROP CONSTRAINT objects"))


def test_a_fault_of_the_api_is_logged_without_its_data(
    api: Api, session: Session, log: Log, canary: str
) -> None:
    with objecting(session, f"position('{canary}' in description) = 0"):
        answer = api.generate(f"Name {canary}", description=f"She is {canary}.")
    assert (answer.status, answer.code) == (500, "internal_error")
    [line] = [line for line in lines_of(log) if line["level"] == "error"]
    assert "request_generation" in line["error"]
    assert canary not in answer.text
    assert canary not in log.text


def test_a_fault_of_a_worker_is_logged_without_its_data(
    api: Api, worker: Worker, session: Session, log: Log, canary: str
) -> None:
    """In Lambda the runtime prints the error itself: it must not hold the row either."""
    api.generate(f"Name {canary}", description=f"She is {canary}.")
    with objecting(session, f"position('{canary}' in coalesce(system_prompt, '')) = 0"):
        worker.work()
    [line] = [line for line in lines_of(log) if line["level"] == "error"]
    assert "publish" in line["error"]
    assert canary not in log.text


def formatted(message: str, *args: object, **extra: object) -> str:
    record = logging.LogRecord("test", logging.INFO, "file.py", 1, message, args, None)
    vars(record).update(extra)
    return JsonFormatter().format(record)


@pytest.mark.parametrize(
    "text", ["one\ntwo", "one\r\ntwo", "one\u2028two\u0085three", '"', "\\", "\0\x1b[31m", "\ud800"]
)
def test_whatever_is_logged_is_one_line_that_can_be_written(text: str) -> None:
    line = formatted("said %s", text, more={text: [text]})
    assert len(line.splitlines()) == 1
    assert json.loads(line.encode())["message"] == f"said {text}"


def test_what_json_cannot_hold_is_logged_as_text() -> None:
    job_id = uuid4()
    line = json.loads(formatted("so", job_id=job_id, path=Path("x"), error=ValueError("no")))
    assert (line["job_id"], line["path"], line["error"]) == (str(job_id), "x", "no")


def test_what_is_bound_is_in_every_line_inside_and_in_none_after() -> None:
    with bound(request_id="r-1"), bound(job_id="j-1"):
        inside = json.loads(formatted("so"))
    assert (inside["request_id"], inside["job_id"]) == ("r-1", "j-1")
    assert {"request_id", "job_id"} & json.loads(formatted("so")).keys() == set()


def test_an_error_is_logged_with_the_way_to_it() -> None:
    try:
        json.loads("{")
    except ValueError:
        record = logging.makeLogRecord({"msg": "so", "exc_info": sys.exc_info()})
    error = json.loads(JsonFormatter().format(record))["error"]
    assert "JSONDecodeError" in error
    assert "test_an_error_is_logged_with_the_way_to_it" in error


PROGRAM = """
import json, sys
from app import app
from chalicelib.workers.sweeper import sweep
for event in json.loads(sys.argv[1]):
    app(event, None)
sweep()
"""


def test_a_process_prints_its_log_and_nothing_else(api: Api, checkout: Path) -> None:
    signed = {"content-type": "application/json", "authorization": f"Bearer {api.token}"}
    body = json.dumps({"name": "Ada", "description": "Kind.\u2028Calm."})
    events = [_event(headers=signed, body=body), _event(headers=None), _event(body=5), {}]
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", PROGRAM, json.dumps(events)],
        cwd=checkout,
        env=os.environ,
        capture_output=True,
        check=True,
        text=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    messages = [line["message"] for line in lines]
    assert messages.count("request") == len(events)
    assert messages[-1] == "swept"
    assert done.stderr == ""
