"""`Idempotency-Key`, as clients use it on the real routes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.config import settings
from chalicelib.core.models import Analysis, Base, IdempotencyRecord, Job, User
from chalicelib.workers.sweeper import sweep
from tests.analyses.surveys import open_survey, response
from tests.client import Answer, Api
from tests.core.described import operations_with

WISH = {"name": "Ada", "description": "Ada is curious."}
REPLAYED = "Idempotency-Replayed"


def send(api: Api, path: str, body: object, key: str) -> Answer:
    return api.post(path, body, idempotency_key=key)


def generate(api: Api, key: str, **fields: object) -> Answer:
    return send(api, "/personas/generate", WISH | fields, key)


OWNER = {
    Job: Job.owner_id,
    Analysis: Analysis.user_id,
    IdempotencyRecord: IdempotencyRecord.user_id,
}


def own(session: Session, table: type[Base], api: Api) -> int:
    """Count this user's rows of the table."""
    wanted = sa.select(sa.func.count()).select_from(table).where(OWNER[table] == api.user["id"])
    return session.scalar(wanted) or 0


def record(session: Session, api: Api) -> IdempotencyRecord:
    of_mine = IdempotencyRecord.user_id == api.user["id"]
    return session.scalars(sa.select(IdempotencyRecord).where(of_mine)).one()


def end_day(session: Session, api: Api) -> None:
    """Let what is kept for this user end now."""
    of_mine = IdempotencyRecord.user_id == api.user["id"]
    session.execute(sa.update(IdempotencyRecord).where(of_mine).values(expires_at=sa.func.now()))


def test_the_same_request_has_the_same_answer_and_one_effect(api: Api, session: Session) -> None:
    first, second = generate(api, "k"), generate(api, "k")
    assert (first.status, second.status, second.text) == (202, 202, first.text)
    for name in ("Location", "Retry-After", "Cache-Control", "Content-Type"):
        assert second.headers[name] == first.headers[name]
    assert (second.headers[REPLAYED], first.headers.get(REPLAYED)) == ("true", None)
    assert second.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert own(session, Job, api) == 1


def test_a_secret_that_is_shown_once_is_shown_again_and_kept_sealed(
    api: Api, session: Session
) -> None:
    key = f"key-{uuid4()}"
    first, second = (send(api, "/analyses", {}, key) for _ in range(2))
    assert (first.status, second.status, second.text) == (201, 201, first.text)
    shown = first.json["share_token"]
    row = record(session, api)
    kept = b" ".join([row.scope, row.fingerprint, row.answer])
    assert not [secret for secret in (shown, key) if secret.encode() in kept]
    assert own(session, Analysis, api) == 1


def test_an_answer_without_a_body_is_repeated_too(api: Api) -> None:
    body = {"refresh_token": api.tokens["refresh_token"]}
    first, second = (send(api, "/auth/logout", body, "k") for _ in range(2))
    assert (first.status, second.status, second.text) == (204, 204, "")
    assert second.headers[REPLAYED] == "true"


def test_another_request_under_the_key_is_refused(api: Api, session: Session) -> None:
    assert generate(api, "k").status == 202
    answer = generate(api, "k", name="Grace")
    assert (answer.status, answer.code) == (422, "idempotency_key_reused")
    send(api, "/analyses", {}, "s")
    asked_otherwise = send(api, "/analyses?replace=true", {}, "s")
    assert (asked_otherwise.status, asked_otherwise.code) == (422, "idempotency_key_reused")
    assert (own(session, Job, api), own(session, Analysis, api)) == (1, 1)


def test_the_same_json_may_be_written_otherwise(api: Api) -> None:
    first = generate(api, "k")
    backwards = json.dumps(dict(reversed(WISH.items())), indent=3).encode()
    headers = {"idempotency-key": "k"}
    again = api.request("POST", "/personas/generate", raw=backwards, headers=headers)
    assert (again.text, again.headers[REPLAYED]) == (first.text, "true")


def test_a_key_counts_for_one_user_and_one_path(api: Api, stranger: Api) -> None:
    jobs = [str(api.generate(name).json["job"]["id"]) for name in ("Ada", "Grace")]
    answers = [send(api, f"/jobs/{job_id}/cancel", None, "k") for job_id in jobs]
    assert [answer.json["id"] for answer in answers] == jobs
    mine, theirs = generate(api, "k"), generate(stranger, "k")
    assert mine.json["job"]["id"] not in {*jobs, theirs.json["job"]["id"]}
    assert not [each for each in (*answers, mine, theirs) if REPLAYED in each.headers]


def test_a_refused_request_leaves_the_key_free(api: Api) -> None:
    assert send(api, "/analyses", {"colour": "red"}, "k").status == 422
    first = send(api, "/analyses", {}, "other").json
    assert send(api, "/analyses", {}, "k").code == "active_exists"
    api.patch(f"/analyses/{first['id']}", {"status": "archived"})
    assert send(api, "/analyses", {}, "k").status == 201
    assert send(api, "/analyses", {}, "k").headers[REPLAYED] == "true"


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "two words", "\N{SNOWMAN}", "a\tb", "a\x7f"])
def test_a_key_that_cannot_be_one_is_refused(api: Api, session: Session, key: str) -> None:
    answer = generate(api, key)
    assert (answer.status, answer.code) == (400, "invalid_idempotency_key")
    assert own(session, Job, api) == 0


@pytest.mark.parametrize("key", ["!", "~" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"'])
def test_any_visible_ascii_is_a_key(api: Api, key: str) -> None:
    assert [generate(api, key).status for _ in range(2)] == [202, 202]


def test_fifty_at_once_have_one_effect(api: Api, session: Session) -> None:
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: generate(api, "k"), range(50)))
    accepted = [answer for answer in answers if answer.status == 202]
    assert len([answer for answer in accepted if REPLAYED not in answer.headers]) == 1
    assert len({answer.text for answer in accepted}) == 1
    refused = [answer for answer in answers if answer.status != 202]
    assert {(each.status, each.code) for each in refused} <= {(409, "request_in_progress")}
    assert all(each.headers["Retry-After"] == "1" for each in refused)
    assert own(session, Job, api) == 1


def test_a_day_later_the_key_is_new_and_the_sweeper_forgets_it(api: Api, session: Session) -> None:
    body = {"refresh_token": api.tokens["refresh_token"]}
    assert send(api, "/auth/logout", body, "k").status == 204
    left = record(session, api).expires_at - datetime.now(UTC)
    assert timedelta(hours=23, minutes=59) < left < timedelta(hours=24, minutes=1)
    end_day(session, api)
    assert REPLAYED not in send(api, "/auth/logout", body, "k").headers
    assert send(api, "/auth/logout", body, "k").headers[REPLAYED] == "true"
    sweep()
    assert own(session, IdempotencyRecord, api) == 1
    end_day(session, api)
    sweep()
    assert own(session, IdempotencyRecord, api) == 0


def test_what_is_kept_goes_with_its_user(api: Api, session: Session) -> None:
    body = {"refresh_token": api.tokens["refresh_token"]}
    send(api, "/auth/logout", body, "k")
    session.execute(sa.delete(User).where(User.id == api.user["id"]))
    assert own(session, IdempotencyRecord, api) == 0
    answer = send(api, "/auth/logout", body, "k")
    assert (answer.status, answer.code) == (401, "unauthenticated")


@pytest.fixture
def other_secret(api: Api) -> Iterator[Callable[[], None]]:
    """The deployment has a new SEALING_KEY from now on."""
    before = os.environ["SEALING_KEY"]

    def seal_with(secret: str) -> None:
        os.environ["SEALING_KEY"] = secret
        settings.cache_clear()

    yield lambda: seal_with("another" * 8)
    seal_with(before)


def test_an_answer_that_cannot_be_opened_any_more_is_not_made_anew(
    api: Api, session: Session, other_secret: Callable[[], None]
) -> None:
    generate(api, "k")
    other_secret()
    answer = generate(api, "k")
    assert (answer.status, answer.code) == (409, "answer_lost")
    assert own(session, Job, api) == 1


def test_a_visitors_key_counts_for_nothing(api: Api, visitor: Api) -> None:
    survey = open_survey(api)
    for _ in range(2):
        token = visitor.get(survey.link).json["respondent_token"]
        answer = send(visitor, f"{survey.link}/responses", response(token), "two words")
        assert (answer.status, answer.headers.get(REPLAYED)) == (201, None)


def test_the_description_says_where_a_key_counts(visitor: Api) -> None:
    named = operations_with(visitor, "Idempotency-Key")
    assert named >= {
        ("post", "/analyses"),
        ("post", "/analyses/{analysis_id}/responses"),
        ("post", "/auth/logout"),
        ("post", "/jobs/{job_id}/cancel"),
        ("post", "/jobs/{job_id}/retry"),
        ("post", "/personas/generate"),
    }
    assert {method for method, _ in named} == {"post"}


CHILD = """
import os, signal, sys
import sqlalchemy as sa
from sqlalchemy.orm import Session
from tests.client import Api

def die(session):
    os.kill(os.getpid(), signal.SIGKILL)

sa.event.listen(Session, sys.argv[1], die)
wish = {"name": "Ada", "description": "Ada is curious."}
Api(os.environ, token=os.environ["TOKEN"]).post("/personas/generate", wish, idempotency_key="k")
"""


@pytest.mark.parametrize(("point", "kept"), [("before_commit", 0), ("after_commit", 1)])
def test_a_process_that_is_killed_leaves_all_or_nothing(
    api: Api, session: Session, checkout: Path, point: str, kept: int
) -> None:
    dead = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", CHILD, point],
        check=False,
        cwd=checkout,
        env=os.environ | {"TOKEN": str(api.token)},
    )
    assert dead.returncode == -signal.SIGKILL
    assert own(session, Job, api) == own(session, IdempotencyRecord, api) == kept
    answer = generate(api, "k")
    assert (answer.status, REPLAYED in answer.headers) == (202, bool(kept))
    assert own(session, Job, api) == 1
