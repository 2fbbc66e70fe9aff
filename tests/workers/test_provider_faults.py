"""Every fault of a vendor, from the queue's event to the end of the job: the table in the docs."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib import wiring
from chalicelib.core.models import Job
from local.stack import Stack
from local.vendors.control import Control
from local.vendors.faults import KINDS
from tests.client import Api
from tests.conftest import Worker
from tests.workers.faults import STEPS, Row, rows

ROWS = list(rows())
PAID = ("text", "image", "prediction")
IMPATIENT_SECONDS = 1.0
# The texts are asked for at the same time; each is known by its instructions.
ASKED_IN = {
    "character": "You turn a description",
    "motto": "Write one motto",
    "verify": "answer a questionnaire",
}


@cache
def hasty() -> wiring.Adapters:
    """Kept, as wiring keeps its own: Replicate's SDK cannot be closed."""
    return wiring.Adapters(call_seconds=IMPATIENT_SECONDS)


@pytest.fixture
def patience(stack: Stack, row: Row) -> Iterator[None]:
    """Where a vendor is silent, let the worker's own adapter of it wait for a moment only."""
    adapters, engine = wiring.ports(), row.engine
    adapters.warm_up()
    usual = {"text": adapters.text, "images": adapters.images}
    if row.is_slow and engine is None:
        adapters.__dict__["text"] = hasty().text
    elif row.is_slow and engine is not None:
        adapters.__dict__["images"] = {**adapters.images, engine: hasty().images[engine]}
    yield
    adapters.__dict__.update(usual)


@pytest.fixture
def name() -> str:
    return f"Ada {uuid4().hex[:8]}"


def run_to_end(api: Api, worker: Worker, job_id: str) -> dict[str, Any]:
    """Deliver what is queued, and then anew until the job has ended, without any delay."""
    worker.work()
    for _ in range(3):
        job: dict[str, Any] = api.get(f"/jobs/{job_id}").json
        if job["done"]:
            return job
        worker.deliver(job_id)
    return dict(api.get(f"/jobs/{job_id}").json)


def came_to(row: Row, api: Api, ai: Control, job: dict[str, Any], name: str) -> Row:
    """Write down what happened, as the table would."""
    mine = api.get("/personas/me").json
    persona = mine["persona"] or {"image": None, "warnings": []}
    paid = {each: ai.calls(each, contains=name).count for each in PAID}
    return replace(
        row,
        ends=_end(job, mine["generation_status"]),
        attempts=str(job["attempt"]),
        portrait=_portrait(persona["image"]),
        paid=", ".join(f"{count} {each}" for each, count in paid.items() if count),
        warnings=", ".join(persona["warnings"]),
    )


def _end(job: dict[str, Any], generation_status: str) -> str:
    if job["status"] == "succeeded":
        return str(generation_status)
    assert (job["status"], generation_status) == ("failed", "failed")
    return str(job["error"]["code"]) + (", retryable" if job["error"]["retryable"] else "")


def _portrait(image: dict[str, Any] | None) -> str:
    if image is None:
        return ""
    drawn, wanted = image["model"], image["requested_model"]
    return str(drawn if drawn == wanted else f"{drawn} for {wanted}")


@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.step} {row.fault} {row.strikes}")
def test_a_fault_comes_to_what_the_table_says(
    api: Api, worker: Worker, ai: Control, name: str, row: Row
) -> None:
    contains = ASKED_IN.get(row.step, name)
    ai.fail(STEPS[row.step], row.kind, times=row.times, contains=contains, **row.options)
    job_id = api.generate(name, image_model=row.wanted).json["job"]["id"]
    job = run_to_end(api, worker, job_id)
    assert str(came_to(row, api, ai, job, name)) == str(row)


def test_the_table_knows_every_fault_of_every_operation() -> None:
    ours = {*STEPS.values()}
    possible = {(each, name) for name, kind in KINDS.items() for each in kind.operations & ours}
    assert {(STEPS[row.step], row.kind) for row in ROWS} == possible
    assert len(ROWS) == len({(row.step, row.fault, row.strikes) for row in ROWS})


@pytest.mark.parametrize("seconds", [5, 30])
def test_a_vendor_that_asks_for_time_is_given_it_and_not_much_more(
    api: Api, worker: Worker, session: Session, ai: Control, name: str, seconds: int
) -> None:
    ai.fail("moderation", "429", contains=name, retry_after=seconds)
    job_id = api.generate(name).json["job"]["id"]
    worker.work()
    delay = sa.func.extract("epoch", Job.queued_at - Job.updated_at)
    wait, sent_at = session.execute(sa.select(delay, Job.sent_at).where(Job.id == job_id)).one()
    assert seconds <= wait <= seconds * 1.25 + 1
    assert sent_at is not None
    assert worker.delayed() == 1
