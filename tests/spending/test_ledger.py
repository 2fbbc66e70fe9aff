"""The ledger holds every call that costs money, from before it is made."""

from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from chalicelib import wiring
from chalicelib.core.models import ImageModel, UsageKind
from chalicelib.core.ports import Drawing, Served, Service
from chalicelib.jobs.exceptions import LeaseLost, OrderUnanswered
from chalicelib.jobs.purchases import Order, buy, settle
from chalicelib.spending.pricing import PRICES, cost_of
from local.vendors.control import Control
from tests.client import Api
from tests.conftest import Worker, trust_vendors_again
from tests.spending.books import (
    claim,
    counted,
    die_after,
    entries,
    events,
    expire,
    let_time_pass,
)
from tests.workers.doomed import doomed_worker, heal, wait_until

WRITING = Service("openai", "gpt-5.4-mini", UsageKind.TEXT)
WHOLE = [
    ("image", 1, "settled"),
    ("moderate", 1, "settled"),
    ("motto", 1, "settled"),
    ("synthesise", 1, "settled"),
    ("verify", 1, "settled"),
]


@pytest.fixture
def name() -> str:
    return f"Ada {uuid4().hex[:8]}"


def portrait(name: str) -> Order[Drawing]:
    """The order of a picture, as the worker makes it."""
    engine = wiring.ports().images[ImageModel.OPENJOURNEY]
    return Order("image", engine.drawing, lambda: engine.begin(name), progress=15)


def test_a_generation_is_written_down_call_by_call(
    api: Api, worker: Worker, session: Session, ai: Control, name: str
) -> None:
    job_id = api.generate(name).json["job"]["id"]
    worker.work()
    assert entries(session, job_id) == WHOLE
    told = {each.step: each for each in events(session, job_id)}
    assert told["synthesise"].units["input_tokens"] > 100
    assert told["synthesise"].cost_micros == cost_of(WRITING, told["synthesise"].units) > 0
    assert told["image"].units["images"] == 1
    assert told["moderate"].cost_micros == 0


def test_what_the_vendor_refuses_costs_nothing(
    api: Api, worker: Worker, session: Session, ai: Control, name: str
) -> None:
    ai.fail("image", "moderation_blocked", contains=name)
    job_id = api.generate(name).json["job"]["id"]
    worker.work()
    image = next(each for each in events(session, job_id) if each.step == "image")
    assert (image.status.value, image.cost_micros) == ("void", 0)
    assert counted(session, api.user["id"]) == (3, 0)


def test_a_refusal_in_words_is_charged_for(
    api: Api, worker: Worker, session: Session, ai: Control, name: str
) -> None:
    ai.fail("text", "refusal", contains=name, times=2)
    job_id = api.generate(name).json["job"]["id"]
    worker.work()
    assert entries(session, job_id) == WHOLE[:-1]
    assert counted(session, api.user["id"]) == (2, 1)


def test_asking_once_more_is_a_call_of_its_own(
    api: Api, worker: Worker, session: Session, ai: Control, name: str
) -> None:
    ai.fail("text", "schema_invalid", contains=name, times=2)
    job_id = api.generate(name).json["job"]["id"]
    worker.work()
    texts = [each for each in events(session, job_id) if each.kind is UsageKind.TEXT]
    assert len(texts) == ai.calls("text", contains=name).count == 5
    assert {each.status.value for each in texts} == {"settled"}


def test_a_call_without_a_known_end_counts_with_the_most_it_can_cost(
    api: Api, worker: Worker, session: Session, ai: Control, name: str
) -> None:
    ai.fail("image", "reset", contains=name)
    job_id = api.generate(name).json["job"]["id"]
    worker.work()
    first, second = (each for each in events(session, job_id) if each.step == "image")
    most = next(price.most for price in PRICES.models if price.model == first.model)
    assert (first.status.value, first.cost_micros, first.units) == ("intent", most, {})
    assert (second.status.value, second.provider) == ("settled", "replicate")
    assert counted(session, api.user["id"]) == (3, 2)


def test_no_step_is_paid_for_more_than_three_times(
    api: Api, worker: Worker, session: Session, ai: Control, name: str
) -> None:
    ai.fail("text", "reset", contains=name, times=20)
    job_id = api.generate(name).json["job"]["id"]
    for _ in range(3):
        trust_vendors_again()
        worker.deliver(job_id)
    assert api.get(f"/jobs/{job_id}").json["error"]["code"] == "vendor_unavailable"
    assert api.post(f"/jobs/{job_id}/retry").status == 202
    trust_vendors_again()
    worker.work()
    assert api.get(f"/jobs/{job_id}").json["error"]["code"] == "step_overpaid"
    assert ai.calls("text", contains=name).count == 6
    assert sum(each.kind is UsageKind.TEXT for each in events(session, job_id)) == 6


def test_a_call_that_kills_the_worker_is_in_the_ledger(
    api: Api, worker: Worker, session: Session, ai: Control, checkout: Path, name: str
) -> None:
    ai.latency(image=5000)
    job_id = api.generate(name).json["job"]["id"]
    with doomed_worker(checkout):
        wait_until(lambda: ai.calls("image", contains=name).count == 1)
    ai.latency(image=0)
    assert ("image", 1, "intent") in entries(session, job_id)
    assert heal(api, worker, job_id)["status"] == "succeeded"
    images = [each for each in entries(session, job_id) if each[0] == "image"]
    assert images == [("image", 1, "intent"), ("image", 2, "settled")]
    assert ai.calls("image", contains=name).count == 2


def test_an_order_without_an_answer_is_waited_for_before_it_is_paid_again(
    api: Api, worker: Worker, session: Session, ai: Control, name: str
) -> None:
    job_id = api.generate(name, image_model="openjourney").json["job"]["id"]
    die_after(claim(job_id), portrait(name))
    expire(session, job_id)
    worker.deliver(job_id)
    job = api.get(f"/jobs/{job_id}").json
    assert (job["status"], job["attempt"]) == ("queued", 1)
    assert ai.calls("prediction", contains=name).count == 1
    assert ai.calls("image", contains=name).count == 0
    let_time_pass(session, 31)
    worker.deliver(job_id)
    assert api.get(f"/jobs/{job_id}").json["status"] == "succeeded"
    assert ai.calls("prediction", contains=name).count == 2


def test_an_order_that_is_found_again_is_not_paid_for_twice(
    api: Api, session: Session, ai: Control, name: str
) -> None:
    job_id = api.generate(name).json["job"]["id"]
    claimed = claim(job_id)
    order = portrait(name)
    die_after(claimed, order)
    with pytest.raises(OrderUnanswered):
        buy(claimed, order)
    found = Served(Drawing(reference="known"), {"images": 1})
    again = Order("image", order.service, order.call, 15, find=lambda: found)
    bought = buy(claimed, again)
    settle(bought.receipt)
    assert bought.value.reference == "known"
    assert entries(session, job_id) == [("image", 1, "settled")]
    assert ai.calls("prediction", contains=name).count == 1


def test_a_zombie_buys_nothing(api: Api, session: Session, ai: Control, name: str) -> None:
    job_id = api.generate(name).json["job"]["id"]
    zombie = claim(job_id)
    expire(session, job_id)
    claim(job_id)
    with pytest.raises(LeaseLost):
        buy(zombie, portrait(name))
    assert entries(session, job_id) == []
    assert ai.calls(contains=name).attempts == 0


def test_what_a_zombie_has_paid_for_is_written_down_all_the_same(
    api: Api, session: Session, ai: Control, name: str
) -> None:
    job_id = api.generate(name).json["job"]["id"]
    bought = buy(claim(job_id), portrait(name))
    api.post(f"/jobs/{job_id}/cancel")
    assert entries(session, job_id) == [("image", 1, "intent")]
    assert counted(session, api.user["id"]) == (0, 1)
    settle(bought.receipt)
    assert entries(session, job_id) == [("image", 1, "settled")]


@pytest.mark.parametrize(
    ("service", "units", "micros"),
    [
        (WRITING, {"input_tokens": 1001, "output_tokens": 100}, 1201),
        (WRITING, {"calls": 1}, 13000),
        (Service("replicate", "prompthero/openjourney:ad5", UsageKind.IMAGE), {"images": 1}, 10000),
        (Service("openai", "from-tomorrow", UsageKind.IMAGE), {"images": 1}, 250000),
        (Service("openai", "from-tomorrow", UsageKind.TEXT), {"input_tokens": 10}, 300),
    ],
)
def test_a_call_has_its_price(service: Service, units: dict[str, int], micros: int) -> None:
    assert cost_of(service, units) == micros
