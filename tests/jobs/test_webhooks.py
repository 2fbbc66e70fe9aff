"""Who asked to hear of a job's end hears of it once, signed, and can see what became of it."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.db import transaction
from chalicelib.jobs import leases
from chalicelib.jobs.leases import Claim
from chalicelib.workers.sweeper import sweep
from local.handlers import subscriptions
from local.vendors.control import Control
from tests.client import Api
from tests.conftest import Log, Worker
from tests.jobs.waiters import change, claimed, deliveries, generate, hand_over, let_pass, secret_of
from tests.personas.lives import begin
from tests.receiver import Receiver


def cancel(api: Api, session: Session, job_id: str) -> None:
    api.post(f"/jobs/{job_id}/cancel")


def exhaust(api: Api, session: Session, job_id: str) -> None:
    for _ in range(3):
        claimed(job_id)
        change(session, job_id, lease_until=sa.func.now() - timedelta(seconds=1))
    sweep()


def test_a_success_is_told_and_names_the_persona(
    api: Api, worker: Worker, receiver: Receiver
) -> None:
    job_id = generate(api, receiver)
    worker.work()
    [heard] = receiver.heard
    job = api.get(f"/jobs/{job_id}").json
    persona_id = api.get("/personas/me").json["persona"]["id"]
    assert heard.path == "/hooks?key=open-sesame"
    assert heard.headers["content-type"] == "application/json"
    assert heard.verified(secret_of(api)) == {
        "type": "job.succeeded",
        "timestamp": job["finished_at"].replace("Z", "+00:00"),
        "data": {
            "job_id": job_id,
            "kind": "generate_persona",
            "status": "succeeded",
            "persona_id": persona_id,
        },
    }
    [delivery] = deliveries(api, job_id)
    assert (delivery["type"], delivery["status"]) == ("job.succeeded", "succeeded")
    assert [attempt["status"] for attempt in delivery["attempts"]] == [200]
    assert delivery["next_attempt_at"] is None
    assert heard.id == f"msg_{UUID(delivery['id']).hex}"


@pytest.mark.parametrize(("part", "kind"), [("images", "draw_image"), ("motto", "write_motto")])
def test_the_end_of_a_renewal_is_told_too(
    api: Api, worker: Worker, receiver: Receiver, part: str, kind: str
) -> None:
    life = begin(api, worker)
    job = life.renew(worker, part, webhook_url=receiver.url)
    [heard] = receiver.heard
    assert heard.verified(secret_of(api))["data"] == {
        "job_id": job["id"],
        "kind": kind,
        "status": "succeeded",
        "persona_id": life.id,
    }


def test_a_failure_is_told_with_its_code(
    api: Api, worker: Worker, receiver: Receiver, ai: Control
) -> None:
    name = f"Ada {uuid4().hex[:8]}"
    ai.fail("moderation", "flagged", contains=name)
    job_id = generate(api, receiver, name)
    worker.work()
    [heard] = receiver.heard
    told = heard.verified(secret_of(api))
    assert told["type"] == "job.failed"
    assert told["data"] == {
        "job_id": job_id,
        "kind": "generate_persona",
        "status": "failed",
        "persona_id": api.get(f"/jobs/{job_id}").json["links"]["result"].removeprefix("/personas/"),
        "error": api.get(f"/jobs/{job_id}").json["error"],
    }


@pytest.mark.parametrize(
    ("end", "kind", "code"),
    [
        (cancel, "job.cancelled", "cancelled"),
        (let_pass, "job.failed", "deadline"),
        (exhaust, "job.failed", "exhausted"),
    ],
)
def test_every_other_end_is_told_once(
    api: Api, worker: Worker, receiver: Receiver, session: Session, end: Any, kind: str, code: str
) -> None:
    job_id = generate(api, receiver)
    end(api, session, job_id)
    sweep()
    worker.work()
    [heard] = receiver.heard
    told = json.loads(heard.body)
    assert (told["type"], told["data"]["error"]["code"]) == (kind, code)


def test_nobody_is_told_of_what_nobody_asked_about(
    api: Api, worker: Worker, receiver: Receiver, session: Session
) -> None:
    job_id = api.generate().json["job"]["id"]
    worker.work()
    assert receiver.heard == []
    assert deliveries(api, job_id) == []


def test_an_end_that_is_rolled_back_is_not_told(
    api: Api, worker: Worker, receiver: Receiver
) -> None:
    job_id = generate(api, receiver)
    claim = claimed(job_id)
    with pytest.raises(ZeroDivisionError), transaction() as opened:
        leases.finish(opened, claim)
        raise ZeroDivisionError
    sweep()
    worker.work()
    assert deliveries(api, job_id) == []
    assert receiver.heard == []


def test_a_finish_and_a_cancel_at_once_are_told_as_one_end(api: Api, receiver: Receiver) -> None:
    for number in range(5):
        job_id = generate(api, receiver, f"Racer {number}")
        claim = claimed(job_id)

        def finish(claim: Claim = claim) -> None:
            with transaction() as opened:
                leases.finish(opened, claim)

        with ThreadPoolExecutor(2) as pool:
            pool.submit(finish)
            pool.submit(api.post, f"/jobs/{job_id}/cancel")
        [delivery] = deliveries(api, job_id)
        status = api.get(f"/jobs/{job_id}").json["status"]
        assert delivery["type"] == f"job.{status}"


def test_a_job_that_ends_twice_is_told_twice(
    api: Api, worker: Worker, receiver: Receiver, session: Session
) -> None:
    job_id = generate(api, receiver)
    let_pass(api, session, job_id)
    api.post(f"/jobs/{job_id}/retry")
    worker.work()
    assert {json.loads(heard.body)["type"] for heard in receiver.heard} == {
        "job.failed",
        "job.succeeded",
    }
    assert len({heard.id for heard in receiver.heard}) == 2
    newest, oldest = deliveries(api, job_id)
    assert (newest["type"], oldest["type"]) == ("job.succeeded", "job.failed")


def test_the_log_of_deliveries_comes_in_pages(
    api: Api, worker: Worker, receiver: Receiver, session: Session
) -> None:
    job_id = generate(api, receiver)
    let_pass(api, session, job_id)
    api.post(f"/jobs/{job_id}/retry")
    worker.work()
    first = api.get(f"/jobs/{job_id}/deliveries?limit=1").json
    second = api.get(f"/jobs/{job_id}/deliveries?limit=1&cursor={first['next_cursor']}").json
    assert [page["items"][0]["type"] for page in (first, second)] == ["job.succeeded", "job.failed"]
    assert second["next_cursor"] is None


def test_a_webhook_is_not_listed_among_the_jobs(
    api: Api, worker: Worker, receiver: Receiver
) -> None:
    job_id = generate(api, receiver)
    worker.work()
    assert [job["id"] for job in api.get("/jobs").json["items"]] == [job_id]


def test_a_slow_receiver_holds_up_no_generation() -> None:
    """It has a queue, and a Lambda, of its own."""
    queue_of = {each.name: each.queue for each in subscriptions()}
    assert (queue_of["webhooks"], queue_of["persona_generator"]) == ("webhooks", "generation")


def test_another_users_log_is_not_found(api: Api, stranger: Api, receiver: Receiver) -> None:
    job_id = generate(api, receiver)
    api.post(f"/jobs/{job_id}/cancel")
    assert stranger.get(f"/jobs/{job_id}/deliveries").code == "job_not_found"
    [delivery] = deliveries(api, job_id)
    for path in ("", "/deliveries"):
        assert stranger.get(f"/jobs/{delivery['id']}{path}").code == "job_not_found"
    assert stranger.post(f"/jobs/{delivery['id']}/cancel").code == "job_not_found"


def test_a_webhook_that_is_under_way_can_be_looked_at_and_called_off(
    api: Api, worker: Worker, receiver: Receiver
) -> None:
    receiver.answer(500)
    job_id = generate(api, receiver)
    worker.work()
    [delivery] = deliveries(api, job_id)
    assert api.get(f"/jobs/{delivery['id']}").json["kind"] == "deliver_webhook"
    assert api.post(f"/jobs/{delivery['id']}/cancel").status == 202
    hand_over(delivery["id"])
    assert len(receiver.heard) == 1
    assert deliveries(api, job_id)[0]["status"] == "cancelled"


def test_the_logs_hold_neither_the_secret_nor_the_query_of_the_url(
    api: Api, worker: Worker, receiver: Receiver, log: Log
) -> None:
    receiver.answer(500, **{"odd header": "no name has a space"})
    job_id = generate(api, receiver)
    worker.work()
    hand_over(deliveries(api, job_id)[0]["id"])
    secret = secret_of(api)
    signature = receiver.heard[0].headers["webhook-signature"].removeprefix("v1,")
    assert "succeeded" in log.text
    hidden = ("open-sesame", secret, secret.removeprefix("whsec_"), signature, "a long story")
    assert [each for each in hidden if each in log.text] == []


def test_the_secret_that_was_rotated_away_goes_on_to_sign_for_a_day(
    api: Api, worker: Worker, receiver: Receiver, session: Session
) -> None:
    old = secret_of(api)
    rotated = api.post("/auth/me/webhook-secret/rotate").json
    assert rotated["secret"] == secret_of(api) != old
    now = session.execute(sa.select(sa.func.now())).scalar_one()
    left = datetime.fromisoformat(rotated["previous_valid_until"]) - now
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    generate(api, receiver)
    worker.work()
    [heard] = receiver.heard
    assert heard.verified(old) == heard.verified(rotated["secret"])
