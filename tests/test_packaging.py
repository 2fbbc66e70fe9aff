"""What holds once the code is in Lambda, and beside Chalice's own local server."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
import requests

from local.ports import HOST, answers_http, choose
from local.stack import Stack
from tests.client import Api

SLOW_TO_IMPORT = {
    *("openai", "replicate", "boto3", "botocore", "requests", "PIL"),
    *("httpx", "httpx2", "alembic", "aws_lambda_powertools"),
}
READY_SECONDS = 15

MESSAGE = {
    "messageId": "19dd0b57-b21e-4ac1-bd88-01bbb068cb78",
    "receiptHandle": "handle",
    "body": json.dumps({"job_id": str(uuid4())}),
    "eventSource": "aws:sqs",
    "eventSourceARN": "arn:aws:sqs:eu-north-1:000000000000:generation",
    "awsRegion": "eu-north-1",
}
TICK = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "000000000000",
    "time": "2026-01-01T00:00:00Z",
    "region": "eu-north-1",
    "resources": ["arn:aws:events:eu-north-1:000000000000:rule/sweeper"],
    "detail": {},
}
# A version of a secret that is in force already.
VERSION = str(uuid4())
ADOPT = {"Step": "finishSecret", "SecretId": VERSION, "ClientRequestToken": VERSION}
# The event that a handler is called with, and what it logs when it has come to its end.
WORKERS: dict[str, tuple[dict[str, Any], str]] = {
    "chalicelib.workers.migrate.migrate": ({}, "migrated"),
    "chalicelib.workers.persona_generator.persona_generator": (
        {"Records": [MESSAGE]},
        "nothing to do",
    ),
    "chalicelib.workers.redrive.redrive": ({"limit": 1}, "redriven"),
    "chalicelib.workers.rotation.rotation": (ADOPT, "rotated"),
    "chalicelib.workers.sweeper.sweeper": (TICK, "swept"),
    "chalicelib.workers.webhooks.webhooks": ({"Records": [MESSAGE]}, "nothing to do"),
}
CALL = """
import importlib, json, sys
module, _, name = sys.argv[1].rpartition(".")
getattr(importlib.import_module(module), name)(json.loads(sys.argv[2]), None)
assert "app" not in sys.modules
"""


def python(checkout: Path, program: str, *arguments: str) -> str:
    """Run a program in a fresh process that has this one's environment."""
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        command, cwd=checkout, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_worker_is_called_below() -> None:
    from app import app  # noqa: PLC0415 - as the other tests import it

    heard = {source.handler_string for source in app.event_sources}
    invoked = {function.handler_string for function in app.pure_lambda_functions}
    assert heard | invoked == WORKERS.keys()


@pytest.fixture(scope="module")
def rotated(stack: Stack) -> None:
    secrets = boto3.client("secretsmanager")
    secrets.create_secret(Name=VERSION)
    secrets.put_secret_value(SecretId=VERSION, ClientRequestToken=VERSION, SecretString="{}")


@pytest.mark.usefixtures("stack", "rotated")
@pytest.mark.parametrize("handler", WORKERS)
def test_a_worker_needs_no_app(checkout: Path, handler: str) -> None:
    event, last = WORKERS[handler]
    said = python(checkout, CALL, handler, json.dumps(event))
    assert json.loads(said.splitlines()[-1])["message"] == last


def test_the_api_imports_no_sdk(checkout: Path) -> None:
    said = python(checkout, "import app, json, sys; print(json.dumps(list(sys.modules)))")
    assert not SLOW_TO_IMPORT & set(json.loads(said))


@pytest.fixture(scope="module")
def chalice_local(
    stack: Stack, checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Chalice's own server on a copy of the checkout, in which the stack of the tests runs."""
    project = tmp_path_factory.mktemp("checkout")
    for name in ("app.py", "chalicelib", ".chalice"):
        (project / name).symlink_to(checkout / name)
    (project / ".local").symlink_to(stack.home.path)
    port = choose(["api"], "free")["api"]
    chalice = Path(sys.executable).with_name("chalice")
    options = ["--stage", "local", "--no-autoreload", "--host", HOST, "--port", str(port)]
    # It has to find the settings by itself.
    environment = {name: text for name, text in os.environ.items() if name not in stack.env}
    with (project / "log").open("w") as log:
        server = subprocess.Popen(  # noqa: S603 - our own Chalice
            [chalice, "--project-dir", project, "local", *options],
            env=environment,
            stdout=log,
            stderr=log,
        )
    with server:
        try:
            wait_until_ready(server, port, log=project / "log")
            yield f"http://{HOST}:{port}"
        finally:
            server.terminate()


def wait_until_ready(server: "subprocess.Popen[bytes]", port: int, *, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not answers_http(port, "/health"):
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def get(url: str, **headers: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, headers=headers, timeout=10)


def test_chalice_local_answers_health(chalice_local: str) -> None:
    answer = get(f"{chalice_local}/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_chalice_local_refuses_as_the_api_does(chalice_local: str) -> None:
    answer = get(f"{chalice_local}/personas/me")
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "unauthenticated"


def test_chalice_local_finds_the_settings_of_the_running_stack(
    chalice_local: str, api: Api
) -> None:
    answer = get(f"{chalice_local}/auth/me", Authorization=f"Bearer {api.token}")
    assert (answer.status_code, answer.json()["id"]) == (200, api.user["id"])


def test_chalice_local_reaches_the_queue_of_the_running_stack(chalice_local: str, api: Api) -> None:
    wish = {"name": "Ada", "description": "Ada is curious, calm and kind."}
    headers = {"Authorization": f"Bearer {api.token}"}
    with requests.Session() as session:
        session.trust_env = False
        url = f"{chalice_local}/personas/generate"
        assert session.post(url, json=wish, headers=headers, timeout=10).status_code == 202
