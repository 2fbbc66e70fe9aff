"""What is logged helps to find a fault, and tells nothing about anybody."""

from uuid import uuid4

import pytest

from local.sign_in import id_token
from local.stack import Stack
from local.vendors.control import Control
from tests.client import Api
from tests.conftest import Log, Worker


@pytest.fixture
def canary() -> str:
    return f"canary{uuid4().hex}"


def test_a_whole_life_leaves_no_secret_in_the_log(
    stack: Stack, worker: Worker, ai: Control, log: Log, canary: str
) -> None:
    token, nonce = id_token(stack.env, f"Person {canary}")
    api = Api(stack.env)
    tokens = api.post("/auth/google-login", {"token": token, "nonce": nonce}).json
    api.token = tokens["access_token"]
    api.generate(f"Name {canary}", description=f"She is {canary}, calm and kind.")
    worker.work()
    persona = api.get("/personas/me").json["persona"]
    renewed = api.post("/auth/refresh", {"refresh_token": tokens["refresh_token"]}).json
    api.post("/auth/logout", {"refresh_token": renewed["refresh_token"]})

    ai.fail("moderation", "flagged", contains=f"Other {canary}")
    api.generate(f"Other {canary}")
    ai.fail("text", "500", contains=f"Third {canary}", times=9)
    api.generate(f"Third {canary}")
    worker.work()

    secrets = [
        canary,
        token,
        nonce,
        *(tokens[kind] for kind in ("access_token", "refresh_token")),
        *(renewed[kind] for kind in ("access_token", "refresh_token")),
        tokens["user"]["email"],
        persona["motto"],
        persona["summary"],
        persona["image"]["url"].partition("X-Amz-Signature=")[2],
        stack.env["OPENAI_API_KEY"],
        stack.env["REFRESH_TOKEN_KEY"],
    ]
    assert [secret for secret in secrets if secret in log.text] == []
    assert {"request", "started", "succeeded", "failed", "will try again"} <= {
        line["message"] for line in log.lines
    }


@pytest.mark.parametrize(
    "place", ["/personas/{}", "/jobs/{}", "/personas?name={}", "/jobs?cursor={}", "/{}"]
)
def test_what_stands_in_an_address_is_not_logged(
    api: Api, log: Log, canary: str, place: str
) -> None:
    assert api.get(place.format(canary)).status >= 200
    assert canary not in log.text


def test_a_refused_request_is_not_logged(api: Api, log: Log, canary: str) -> None:
    api.request("POST", "/personas/generate", raw=f'{{"name": "{canary}"'.encode())
    api.post("/personas/generate", {"name": canary, canary: canary})
    api.post("/auth/google-login", {"token": f"{canary}.{canary}.{canary}", "nonce": canary})
    api.request("GET", "/auth/me", headers={"authorization": f"Bearer {canary}"})
    api.get("/auth/me", cookie=canary, user_agent=canary)
    assert canary not in log.text


def test_a_fault_of_ours_is_logged_without_its_data(api: Api, log: Log, canary: str) -> None:
    """An answer that cannot be written: the stored timestamp is no text. The stack is logged, the
    parameters of the statement are not."""
    import sqlalchemy as sa  # noqa: PLC0415

    from chalicelib.core import db  # noqa: PLC0415

    with pytest.raises(sa.exc.DBAPIError) as caught, db.transaction() as session:
        session.execute(sa.text("SELECT CAST(:value AS integer)"), {"value": canary})
    assert canary not in str(caught.value.statement)
    assert "parameters hidden" in str(caught.value)


def test_every_answer_has_one_access_line_of_its_own(api: Api, log: Log) -> None:
    answers = [api.get("/auth/me"), api.get("/jobs/nonsense"), api.post("/personas/generate", 1)]
    lines = [line for line in log.lines if line["message"] == "request"]
    assert [line["request_id"] for line in lines] == [
        answer.headers["X-Request-Id"] for answer in answers
    ]
    assert [line["status"] for line in lines] == [answer.status for answer in answers]
