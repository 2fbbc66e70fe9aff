"""What Replicate tells us, as its emulator signs and sends it."""

import json
import time
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import Job, VendorNotice
from chalicelib.core.signatures import key_of, shown, signed
from chalicelib.notices.links import token
from chalicelib.workers.sweeper import sweep
from local.stack import Stack
from local.vendors.control import Control
from tests.client import Answer, Api
from tests.conftest import Log, Worker
from tests.jobs.waiters import claimed
from tests.receiver import SIGNING, Heard, Receiver, hand_on, settings_with

STEP = "image:openjourney"
NOBODY = "6ff16209-2c29-4fce-96d7-41495e60e1ba"


@pytest.fixture
def secret(stack: Stack) -> str:
    [secret] = json.loads(stack.env["REPLICATE_WEBHOOK_SECRETS"])
    return str(secret)


def own_notice(
    secret: str,
    job_id: str,
    *,
    body: bytes = b'{"id": "abc1", "status": "succeeded"}',
    late: int = 0,
) -> Heard:
    """A notice as Replicate would sign it."""
    identity, now = f"msg_{uuid4().hex}", int(time.time()) - late
    path = f"/webhooks/replicate?job={job_id}&step={STEP}&token={token(UUID(job_id), step=STEP)}"
    return Heard(path, signed(identity, body, keys=[key_of(secret)], now=now), body)


def inbox(session: Session, job_id: str) -> list[str]:
    wanted = sa.select(VendorNotice.reference).where(VendorNotice.job_id == UUID(job_id))
    return list(session.scalars(wanted))


def order_and_lose_sight(api: Api, worker: Worker, ai: Control) -> str:
    """A portrait is ordered, nobody hears of it, and the job waits to be tried again."""
    name = f"Grace {uuid4().hex[:8]}"
    ai.fail("poll", "500", contains=name, times=1)
    ai.fail("image", "500", contains=name, times=1)
    job_id = str(api.generate(name, image_model="openjourney").json["job"]["id"])
    worker.deliver(job_id)
    assert api.get(f"/jobs/{job_id}").json["status"] == "queued"
    worker.forget()
    return job_id


def test_an_order_is_told_of_when_it_goes_on_and_when_it_is_done(
    api: Api, visitor: Api, worker: Worker, session: Session, gateway: Receiver
) -> None:
    job_id = api.generate(image_model="openjourney").json["job"]["id"]
    worker.work()
    start, end = gateway.next(), gateway.next()
    assert [json.loads(each.body)["status"] for each in (start, end)] == ["processing", "succeeded"]
    assert [hand_on(visitor, each).status for each in (start, end)] == [204, 204]
    assert inbox(session, job_id) == [json.loads(start.body)["id"]] * 2


def test_without_an_address_nobody_is_asked_to_tell(
    api: Api, worker: Worker, receiver: Receiver
) -> None:
    api.generate(image_model="openjourney")
    worker.work()
    assert receiver.arrivals.empty()


def test_a_job_that_waits_goes_on_as_soon_as_the_picture_is_there(
    api: Api, visitor: Api, worker: Worker, ai: Control, gateway: Receiver
) -> None:
    job_id = order_and_lose_sight(api, worker, ai)
    start, end = gateway.next(), gateway.next()
    hand_on(visitor, start)
    assert worker.work() == 0
    hand_on(visitor, end)
    assert worker.work() == 1
    job = api.get(f"/jobs/{job_id}").json
    assert (job["status"], job["attempt"]) == ("succeeded", 2)
    image = api.get("/personas/me").json["persona"]["image"]
    assert image["model"] == "openjourney"


def test_a_notice_that_comes_again_does_nothing(
    api: Api, visitor: Api, worker: Worker, ai: Control, session: Session, gateway: Receiver
) -> None:
    job_id = order_and_lose_sight(api, worker, ai)
    gateway.next()
    end = gateway.next()
    assert [hand_on(visitor, end).status for _ in range(3)] == [204, 204, 204]
    assert len(inbox(session, job_id)) == 1
    assert worker.work() == 1


def test_a_notice_of_another_order_wakes_nobody(
    api: Api, visitor: Api, worker: Worker, ai: Control, secret: str, gateway: Receiver
) -> None:
    job_id = order_and_lose_sight(api, worker, ai)
    assert hand_on(visitor, own_notice(secret, job_id)).status == 204
    assert worker.work() == 0


@pytest.mark.parametrize("end", ["before", "after"])
def test_a_notice_is_nothing_to_a_job_that_waits_for_no_picture(
    api: Api, visitor: Api, worker: Worker, secret: str, end: str
) -> None:
    job_id = api.generate(image_model="openjourney").json["job"]["id"]
    if end == "after":
        worker.work()
    worker.forget()
    before = api.get(f"/jobs/{job_id}").json
    assert hand_on(visitor, own_notice(secret, job_id)).status == 204
    assert worker.work() == 0
    assert api.get(f"/jobs/{job_id}").json == before


def test_a_job_that_is_worked_on_is_left_to_its_worker(
    api: Api, visitor: Api, worker: Worker, secret: str, session: Session
) -> None:
    job_id = api.generate(image_model="openjourney").json["job"]["id"]
    worker.forget()
    ordered = {STEP: {"ordered": True}}
    session.execute(sa.update(Job).where(Job.id == UUID(job_id)).values(checkpoint=ordered))
    claimed(job_id)
    assert hand_on(visitor, own_notice(secret, job_id)).status == 204
    assert worker.work() == 0


def test_a_job_that_is_gone_is_no_reason_to_ask_again(visitor: Api, secret: str) -> None:
    assert hand_on(visitor, own_notice(secret, str(uuid4()))).status == 204


@pytest.fixture
def notice(api: Api, secret: str) -> Heard:
    """A good one, which nobody has handed on."""
    return own_notice(secret, api.generate().json["job"]["id"])


def refused(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.code


INVALID = (401, "invalid_signature")


@pytest.mark.parametrize("late", [301, 3600, -301])
def test_a_notice_of_another_time_is_refused(
    api: Api, visitor: Api, secret: str, session: Session, late: int
) -> None:
    job_id = api.generate().json["job"]["id"]
    assert refused(hand_on(visitor, own_notice(secret, job_id, late=late))) == INVALID
    assert inbox(session, job_id) == []


@pytest.mark.parametrize("name", SIGNING)
def test_without_a_header_of_the_signature_it_is_refused(
    visitor: Api, notice: Heard, name: str
) -> None:
    headers = {each: notice.headers[each] for each in SIGNING if each != name}
    answer = visitor.request("POST", notice.path, raw=notice.body, headers=headers)
    assert refused(answer) == INVALID


def test_a_notice_for_a_foreign_job_is_refused(
    stranger: Api, visitor: Api, session: Session, notice: Heard
) -> None:
    """The vendor's signature says nothing of the URL; ours binds the order."""
    foreign = stranger.generate().json["job"]["id"]
    own = parse_qs(urlsplit(notice.path).query)
    for path in (
        notice.path.replace(own["job"][0], foreign),
        notice.path.replace("openjourney", "dall-e"),
        notice.path.replace(own["token"][0], token(UUID(foreign), step=STEP)),
        notice.path.replace(own["token"][0], "\u00e9"),
    ):
        assert refused(hand_on(visitor, notice, path=path)) == INVALID
    assert inbox(session, foreign) == []
    assert inbox(session, own["job"][0]) == []
    assert hand_on(visitor, notice).status == 204


def test_damaged_notices_are_refused(visitor: Api, session: Session, notice: Heard) -> None:
    for place in range(len(notice.body)):
        flipped = bytearray(notice.body)
        flipped[place] ^= 1
        assert refused(hand_on(visitor, notice, body=bytes(flipped))) == INVALID
        assert refused(hand_on(visitor, notice, body=notice.body[:place])) == INVALID
    assert hand_on(visitor, notice).status == 204


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"7",
        b'"x"',
        b"{",
        b"[" * 20_000,
        b'{"id": 7, "status": "succeeded"}',
        b'{"id": "a/../b", "status": "succeeded"}',
        b'{"id": "", "status": "succeeded"}',
        b'{"id": "abc"}',
        b'{"id": "abc", "status": null}',
        b'{"id": "a\\u0000", "status": "succeeded"}',
        b'{"id": "\\ud800", "status": "succeeded"}',
    ],
)
def test_a_signed_message_that_says_nothing_of_a_prediction_is_a_400(
    api: Api, visitor: Api, secret: str, session: Session, body: bytes
) -> None:
    job_id = api.generate().json["job"]["id"]
    answer = hand_on(visitor, own_notice(secret, job_id, body=body))
    assert refused(answer) == (400, "notice_unreadable")
    assert inbox(session, job_id) == []


@pytest.mark.parametrize(
    "query",
    ["", "?job=7&step=x&token=x", f"?job={NOBODY}&token=x", f"?job={NOBODY}&step=%00&token=x"],
)
def test_a_url_that_names_no_order_is_a_422(visitor: Api, notice: Heard, query: str) -> None:
    answer = hand_on(visitor, notice, path=f"/webhooks/replicate{query}")
    assert refused(answer) == (422, "invalid")


def test_a_body_that_is_too_large_is_refused_unread(visitor: Api, notice: Heard) -> None:
    answer = hand_on(visitor, notice, body=b"x" * (64 * 1024 + 1))
    assert refused(answer) == (413, "payload_too_large")


def test_two_secrets_are_good_during_a_rotation(visitor: Api, notice: Heard, secret: str) -> None:
    other = shown(b"o" * 24)
    with settings_with(REPLICATE_WEBHOOK_SECRETS=json.dumps([other])):
        assert refused(hand_on(visitor, notice)) == INVALID
    with settings_with(REPLICATE_WEBHOOK_SECRETS="[]"):
        assert refused(hand_on(visitor, notice)) == INVALID
    with settings_with(REPLICATE_WEBHOOK_SECRETS=json.dumps([other, secret])):
        assert hand_on(visitor, notice).status == 204


def test_the_inbox_is_emptied_after_a_week(visitor: Api, session: Session, notice: Heard) -> None:
    hand_on(visitor, notice)
    job_id = parse_qs(urlsplit(notice.path).query)["job"][0]
    mine = sa.update(VendorNotice).where(VendorNotice.job_id == UUID(job_id))
    for age, is_there in ((timedelta(days=6), True), (timedelta(days=7, seconds=1), False)):
        session.execute(mine.values(created_at=sa.func.now() - age))
        sweep()
        assert bool(inbox(session, job_id)) is is_there


def test_the_log_holds_nothing_of_the_url_nor_of_the_secret(
    visitor: Api, notice: Heard, secret: str, log: Log
) -> None:
    hand_on(visitor, notice)
    hand_on(visitor, notice, body=b"{}")
    assert "notice refused" in log.text
    query = parse_qs(urlsplit(notice.path).query)
    hidden = (secret, query["token"][0], notice.headers["webhook-signature"])
    assert [each for each in hidden if each in log.text] == []
