"""How the work goes, and how the system stands, in numbers that CloudWatch finds in the log."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import Job
from chalicelib.workers.sweeper import sweep
from local.stack import Stack
from local.vendors.control import Control
from tests.client import Api
from tests.conftest import Log, Worker
from tests.operations.numbers import Number, numbers, values
from tests.receiver import settings_with
from tests.spending.books import claim, expire
from tests.test_packaging import CALL, TICK

GENERATED = {"outcome": "succeeded", "kind": "generate_persona"}

INSERT_OLD = sa.text("""
INSERT INTO jobs (id, owner_id, kind, subject_id, input, deadline)
VALUES (uuidv7(interval '-2 days'), :owner, 'generate_persona', uuidv7(), '{}',
        now() + interval '1 hour')
RETURNING id
""")


@pytest.fixture
def name() -> str:
    return f"Ada {uuid4().hex[:8]}"


@pytest.fixture
def measured(log: Log) -> Callable[[], list[Number]]:
    """Sweep, and return what that alone has measured."""

    def measure() -> list[Number]:
        before = len(log.lines)
        sweep()
        return numbers(log.lines[before:])

    return measure


Measured = Callable[[], list[Number]]


def test_every_step_says_how_long_the_vendor_took(
    api: Api, worker: Worker, ai: Control, log: Log
) -> None:
    ai.latency(text=50)
    api.generate()
    worker.work()
    found = numbers(log.lines)
    for step, least in (("moderate", 0), ("motto", 50), ("synthesise", 50), ("image", 0)):
        [took] = values(found, "StepMilliseconds", provider="openai", step=step)
        assert took > least
    assert len(values(found, "StepMilliseconds", provider="openai")) == 5
    assert sum(values(found, "VendorErrors", provider="openai")) == 0


def test_a_job_that_ends_is_counted_by_its_outcome(
    api: Api, worker: Worker, ai: Control, log: Log
) -> None:
    api.generate()
    worker.work()
    found = numbers(log.lines)
    assert values(found, "JobsEnded", outcome="succeeded") == [1]
    assert values(found, "JobsEnded", **GENERATED) == [1]
    [took] = values(found, "JobMilliseconds", **GENERATED)
    steps = values(found, "StepMilliseconds", provider="openai")
    assert took > max(steps)


@pytest.mark.parametrize(
    ("operation", "kind", "errors", "outcome"),
    [
        ("moderation", "503", 1, "retried"),
        ("moderation", "401", 1, "failed"),
        ("moderation", "flagged", 0, "failed"),
    ],
)
def test_a_vendor_that_fails_is_counted_and_one_that_refuses_is_not(
    api: Api,
    worker: Worker,
    ai: Control,
    log: Log,
    name: str,
    *,
    operation: str,
    kind: str,
    errors: int,
    outcome: str,
) -> None:
    ai.fail(operation, kind, contains=name)
    api.generate(name)
    worker.work()
    found = numbers(log.lines)
    assert values(found, "VendorErrors", provider="openai", step="moderate") == [errors]
    assert values(found, "JobsEnded", outcome=outcome) == [1]


def test_collecting_what_was_ordered_is_a_step_of_its_own(
    api: Api, worker: Worker, ai: Control, log: Log
) -> None:
    ai.latency(prediction=500)
    api.generate(image_model="openjourney")
    worker.work()
    found = numbers(log.lines)
    [took] = values(found, "StepMilliseconds", provider="replicate", step="collect")
    assert took > 90


def grown(state: str, since: list[Number], until: list[Number]) -> float:
    [first], [last] = (values(each, "Jobs", status=state) for each in (since, until))
    return last - first


def test_jobs_are_counted_by_state(
    stack: Stack, worker: Worker, ai: Control, measured: Measured, name: str
) -> None:
    people = [Api.signed_in(stack.env) for _ in range(3)]
    begun = measured()
    jobs = [person.generate(name).json["job"]["id"] for person in people]
    queued = measured()
    claim(jobs[0])
    running = measured()
    people[0].post(f"/jobs/{jobs[0]}/cancel")
    cancelled = measured()
    ai.fail("moderation", "flagged", contains=name, times=1)
    for job in jobs:
        worker.deliver(job)
    ended = measured()
    assert grown("queued", begun, queued) == 3
    assert grown("running", queued, running) == 1
    assert grown("cancelled", running, cancelled) == 1
    assert grown("failed", cancelled, ended) == 1
    assert grown("succeeded", cancelled, ended) == 1


def test_a_job_of_the_day_before_yesterday_is_counted_only_while_it_is_unfinished(
    api: Api, ai: Control, session: Session, measured: Measured
) -> None:
    before = measured()
    old = session.scalar(INSERT_OLD, {"owner": api.user["id"]})
    [queued] = values(measured(), "Jobs", status="queued")
    api.post(f"/jobs/{old}/cancel")
    after = measured()
    assert queued == values(before, "Jobs", status="queued")[0] + 1
    assert values(after, "Jobs", status="cancelled") == values(before, "Jobs", status="cancelled")


def test_the_age_of_the_oldest_job_is_told(
    api: Api, ai: Control, session: Session, measured: Measured
) -> None:
    job_id = api.generate().json["job"]["id"]
    long_ago = sa.func.now() - sa.text("interval '2 hours'")
    session.execute(sa.update(Job).where(Job.id == job_id).values(queued_at=long_ago))
    found = measured()
    [oldest], [of_kind] = (
        values(found, "OldestJobSeconds"),
        values(found, "OldestJobSeconds", kind="generate_persona"),
    )
    api.post(f"/jobs/{job_id}/cancel")
    [afterwards] = values(measured(), "OldestJobSeconds")
    assert oldest == of_kind
    assert 7200 <= oldest < 7260
    assert afterwards < 7200


def test_a_job_that_waits_for_its_time_is_not_old(
    api: Api, ai: Control, session: Session, measured: Measured
) -> None:
    session.execute(sa.text("UPDATE jobs SET queued_at = now() WHERE status = 'queued'"))
    job_id = api.generate().json["job"]["id"]
    later = sa.func.now() + sa.text("interval '1 hour'")
    session.execute(sa.update(Job).where(Job.id == job_id).values(queued_at=later))
    [oldest] = values(measured(), "OldestJobSeconds")
    api.post(f"/jobs/{job_id}/cancel")
    assert 0 <= oldest < 60


def test_what_the_sweeper_brings_back_and_what_it_ends_are_counted(
    api: Api, stranger: Api, ai: Control, session: Session, measured: Measured
) -> None:
    measured()
    dead, late = (person.generate().json["job"]["id"] for person in (api, stranger))
    claim(dead)
    expire(session, dead)
    past = sa.func.now() - sa.text("interval '1 second'")
    session.execute(sa.update(Job).where(Job.id == late).values(deadline=past))
    found = measured()
    assert (values(found, "JobsAbandoned"), values(found, "JobsOverdue")) == ([1], [1])
    found = measured()
    assert (values(found, "JobsAbandoned"), values(found, "JobsOverdue")) == ([0], [0])


def test_the_days_spend_is_told_and_its_part_of_the_budget(
    api: Api, ai: Control, measured: Measured
) -> None:
    [before] = values(measured(), "SpendDollars")
    api.generate()
    with settings_with(DAILY_BUDGET_DOLLARS="10"):
        found = measured()
    [after], [percent] = values(found, "SpendDollars"), values(found, "BudgetPercent")
    assert after > before
    assert percent == pytest.approx(after * 10, abs=0.1)


def test_a_vendor_that_is_left_alone_is_told_of(
    stack: Stack, worker: Worker, ai: Control, measured: Measured, name: str
) -> None:
    assert values(measured(), "BreakersOpen") == [0]
    ai.fail("moderation", "503", contains=name, times=9)
    for _ in range(5):
        Api.signed_in(stack.env).generate(name)
    worker.work()
    found, model = measured(), "omni-moderation-latest"
    assert values(found, "BreakersOpen") == [1]
    assert values(found, "BreakerOpen", provider="openai", model=model) == [1]


def test_numbers_hold_nothing_of_what_was_asked(
    api: Api, worker: Worker, ai: Control, log: Log
) -> None:
    canary = f"canary{uuid4().hex}"
    api.generate(f"Name {canary}", description=f"She is {canary}.")
    worker.work()
    sweep()
    told = [line for line in log.lines if "_aws" in line]
    assert len(told) > 10
    assert canary not in json.dumps(told)


@pytest.mark.usefixtures("stack")
def test_what_a_handler_prints_can_be_read_by_cloudwatch(checkout: Path) -> None:
    """In a process of its own, as Lambda calls it: what it prints is all that CloudWatch gets."""
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", CALL, "chalicelib.workers.sweeper.sweeper", json.dumps(TICK)],
        cwd=checkout,
        env=os.environ | {"METRICS_NAMESPACE": "persona-elsewhere"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = numbers(json.loads(line) for line in done.stdout.splitlines())
    assert {each.namespace for each in found} == {"persona-elsewhere"}
    assert {each.name for each in found} >= {
        *("Jobs", "JobsAbandoned", "JobsOverdue", "OldestJobSeconds"),
        *("SpendDollars", "BudgetPercent", "BreakersOpen"),
    }
    assert {each.name: each.unit for each in found}["OldestJobSeconds"] == "Seconds"
