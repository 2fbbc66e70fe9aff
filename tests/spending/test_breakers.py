"""A vendor that is down is left alone, and waiting for it costs no job an attempt."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.db import transaction
from chalicelib.core.models import Breaker, DailyUsage, Job, JobStatus, UsageKind
from chalicelib.core.ports import Served, Service, VendorUnavailable
from chalicelib.jobs.exceptions import VendorResting
from chalicelib.jobs.leases import Claim
from chalicelib.jobs.purchases import Order, buy, follow, settle
from chalicelib.workers.sweeper import sweep
from local.vendors.control import Control
from tests.client import Api
from tests.conftest import Worker
from tests.spending.books import claim, die_after, entries, expire, let_time_pass, reserved

# OUTAGE_JOBS=1000 is the whole exercise; it takes some minutes.
JOBS = int(os.environ.get("OUTAGE_JOBS", "20"))
OUTAGE_MINUTES = 10
PROBES = OUTAGE_MINUTES * 2
DRAWING = Service("openai", "gpt-image-2", UsageKind.IMAGE)
COLLECTING = Service("replicate", "prompthero/openjourney:x", UsageKind.IMAGE)


@pytest.fixture
def name() -> str:
    return f"Ada {uuid4().hex[:8]}"


@pytest.fixture
def claimed(api: Api, ai: Control) -> Claim:
    return claim(api.generate().json["job"]["id"])


def open_breaker(service: Service, *, seconds: float) -> None:
    until = sa.func.now() + sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    with transaction() as session:
        session.execute(
            sa.insert(Breaker).values(
                provider=service.provider, model=service.model, failures=5, open_until=until
            )
        )


def failing(*, retry_after: int | None = None) -> Order[None]:
    def call() -> Served[None]:
        raise VendorUnavailable(retry_after=retry_after, used={})

    return Order("image", DRAWING, call, progress=15)


def working(calls: list[int] | None = None) -> Order[None]:
    def call() -> Served[None]:
        if calls is not None:
            calls.append(1)
        return Served(None, {"images": 1})

    return Order("image", DRAWING, call, progress=15)


def fail(claimed: Claim, times: int) -> None:
    for _ in range(times):
        with pytest.raises(VendorUnavailable):
            buy(claimed, failing())


def rest_of(claimed: Claim, order: Order[None]) -> float:
    with pytest.raises(VendorResting) as caught:
        buy(claimed, order)
    return caught.value.delay.total_seconds()


def test_ten_minutes_of_outage_cost_few_calls_and_no_attempt(
    api: Api, worker: Worker, session: Session, ai: Control, name: str
) -> None:
    ids = []
    for number in range(JOBS):
        ids.append(api.generate(f"{name} {number}").json["job"]["id"])
        session.execute(sa.delete(DailyUsage).where(DailyUsage.user_id == api.user["id"]))
    worker.forget()
    ai.fail("moderation", "503", contains=name, times=10_000)
    for _ in range(OUTAGE_MINUTES):
        deliver_all(worker, session, ids)
        sweep()
        worker.forget()
        let_time_pass(session, 60)
    asked = ai.calls("moderation", contains=name).attempts
    assert asked <= 20 + PROBES
    attempts = session.scalars(sa.select(Job.attempt).where(Job.id.in_(ids))).all()
    assert sum(attempts) == 5
    ai.clear()
    for _ in range(3):
        deliver_all(worker, session, ids)
        let_time_pass(session, 31)
    assert statuses(session, ids) == {JobStatus.SUCCEEDED}
    assert ai.calls("moderation", contains=name).attempts == asked + JOBS
    assert ai.calls("image", contains=name).attempts == JOBS


def deliver_all(worker: Worker, session: Session, ids: list[str]) -> None:
    due = sa.select(Job.id).where(Job.id.in_(ids), Job.status == JobStatus.QUEUED)
    for job_id in session.scalars(due.order_by(Job.queued_at)).all():
        worker.deliver(str(job_id))


def statuses(session: Session, ids: list[str]) -> set[JobStatus]:
    return set(session.scalars(sa.select(Job.status).where(Job.id.in_(ids))))


def test_after_five_failures_in_a_row_nobody_is_called(claimed: Claim) -> None:
    fail(claimed, 5)
    calls: list[int] = []
    assert 28 < rest_of(claimed, working(calls)) <= 30
    assert calls == []


def test_a_success_ends_the_row(claimed: Claim) -> None:
    fail(claimed, 4)
    settle(buy(claimed, working()).receipt)
    fail(claimed, 4)
    buy(claimed, working())


def test_refusals_and_our_own_mistakes_are_no_failures(
    api: Api, worker: Worker, session: Session, ai: Control, name: str
) -> None:
    for number, kind in enumerate(["moderation_blocked", "401", "model_not_found"] * 2):
        ai.fail("image", kind, contains=f"{name} {number}")
        api.generate(f"{name} {number}")
        worker.work()
    assert session.scalars(sa.select(Breaker)).all() == []


def test_of_many_who_come_when_it_may_be_tried_one_tries(claimed: Claim) -> None:
    open_breaker(DRAWING, seconds=-1)
    calls: list[int] = []

    def attempt(_number: int) -> float:
        try:
            buy(claimed, working(calls))
        except VendorResting as error:
            return error.delay.total_seconds()
        return 0

    with ThreadPoolExecutor(20) as pool:
        waits = list(pool.map(attempt, range(20)))
    assert len(calls) == 1
    assert sorted(waits)[1:] == [10] * 19


def test_a_try_that_fails_opens_it_again_and_spends_nothing(
    claimed: Claim, session: Session
) -> None:
    open_breaker(DRAWING, seconds=-1)
    assert rest_of(claimed, failing()) == 30
    assert entries(session, str(claimed.job_id)) == [("image", 1, "void")]
    assert 28 < rest_of(claimed, working()) <= 30


def test_a_try_that_succeeds_closes_it(claimed: Claim, session: Session) -> None:
    open_breaker(DRAWING, seconds=-1)
    settle(buy(claimed, working()).receipt)
    assert session.scalar(sa.select(Breaker.open_until)) is None
    buy(claimed, working())


def test_a_try_whose_worker_dies_is_followed_by_another(claimed: Claim, session: Session) -> None:
    open_breaker(DRAWING, seconds=-1)
    die_after(claimed, working())
    assert rest_of(claimed, working()) == 10
    session.execute(sa.update(Breaker).values(open_until=sa.func.now()))
    buy(claimed, working())


def test_a_vendor_that_asks_for_time_gets_it_from_everybody(claimed: Claim) -> None:
    with pytest.raises(VendorUnavailable):
        buy(claimed, failing(retry_after=120))
    assert 118 < rest_of(claimed, working()) <= 120


def test_a_busy_vendor_is_asked_again_no_sooner_than_it_said(
    api: Api, stranger: Api, worker: Worker, session: Session, ai: Control, name: str
) -> None:
    ai.fail("moderation", "429", contains=name, retry_after=40)
    busy = api.generate(name).json["job"]["id"]
    worker.work()
    other = stranger.generate(f"{name} too").json["job"]["id"]
    worker.work()
    for job_id in (busy, other):
        worker.deliver(job_id)
    assert ai.calls("moderation", contains=name).attempts == 1
    waits = session.execute(
        sa.select(sa.func.extract("epoch", Job.queued_at - sa.func.now()), Job.attempt).where(
            Job.id == other
        )
    ).one()
    assert 25 < waits[0] + 10 <= 51
    assert waits[1] == 0
    let_time_pass(session, 41)
    for job_id in (busy, other):
        worker.deliver(job_id)
    assert statuses(session, [busy, other]) == {JobStatus.SUCCEEDED}


def test_while_one_model_rests_the_other_draws_at_once(
    api: Api, worker: Worker, ai: Control, name: str
) -> None:
    open_breaker(DRAWING, seconds=30)
    api.generate(name)
    worker.work()
    assert api.get("/personas/me").json["persona"]["image"]["model"] == "openjourney"
    assert ai.calls("image", contains=name).attempts == 0


def rest_both(session: Session) -> None:
    from chalicelib import wiring  # noqa: PLC0415

    for engine in wiring.ports().images.values():
        open_breaker(engine.drawing, seconds=30)


def test_while_both_rest_the_job_waits_with_its_attempt_and_its_texts(
    api: Api, worker: Worker, session: Session, ai: Control, name: str
) -> None:
    rest_both(session)
    job_id = api.generate(name).json["job"]["id"]
    worker.work()
    job = api.get(f"/jobs/{job_id}").json
    assert (job["status"], job["attempt"]) == ("queued", 0)
    written = ai.calls("text", contains=name).attempts
    let_time_pass(session, 45)
    sweep()
    worker.work()
    assert api.get(f"/jobs/{job_id}").json["status"] == "succeeded"
    assert ai.calls("text", contains=name).attempts == written > 0


def test_a_job_that_cannot_wait_any_longer_does_without_a_portrait(
    api: Api, worker: Worker, session: Session, ai: Control, name: str
) -> None:
    rest_both(session)
    job_id = api.generate(name).json["job"]["id"]
    soon = sa.func.now() + sa.text("interval '4 minutes'")
    session.execute(sa.update(Job).where(Job.id == job_id).values(deadline=soon))
    worker.work()
    assert api.get("/personas/me").json["persona"]["warnings"] == ["image_unavailable"]


def test_the_deadline_holds_for_a_job_that_waits_for_a_vendor(
    api: Api, worker: Worker, session: Session, ai: Control, name: str
) -> None:
    ai.fail("moderation", "429", contains=name, retry_after=900)
    api.generate(f"{name} first")
    worker.work()
    job_id = api.generate(name).json["job"]["id"]
    worker.work()
    job = session.get_one(Job, job_id)
    assert job.queued_at <= job.deadline
    let_time_pass(session, 901)
    sweep()
    job = api.get(f"/jobs/{job_id}").json
    assert (job["status"], job["error"]["code"]) == ("failed", "deadline")
    assert reserved(session, job_id) is None


def test_a_known_order_is_not_asked_for_while_its_vendor_rests(
    api: Api, session: Session, claimed: Claim
) -> None:
    asked: list[int] = []

    def collect() -> Any:
        asked.append(1)
        raise VendorUnavailable

    for _ in range(5):
        with pytest.raises(VendorUnavailable):
            follow(claimed, COLLECTING, collect)
    with pytest.raises(VendorResting):
        follow(claimed, COLLECTING, collect)
    session.execute(sa.update(Breaker).values(open_until=sa.func.now()))
    with pytest.raises(VendorResting):
        follow(claimed, COLLECTING, collect)
    assert len(asked) == 6
    session.execute(sa.update(Breaker).values(open_until=sa.func.now()))
    assert follow(claimed, COLLECTING, lambda: 1) == follow(claimed, COLLECTING, lambda: 1) == 1


def test_a_zombie_opens_and_tries_nothing(claimed: Claim, session: Session) -> None:
    open_breaker(DRAWING, seconds=-1)
    expire(session, str(claimed.job_id))
    claim(claimed.job_id)
    for attempt in (lambda: buy(claimed, working()), lambda: follow(claimed, DRAWING, int)):
        with pytest.raises(Exception, match="no longer holds"):
            attempt()
    assert session.scalar(sa.select(Breaker.is_probed)) is False
