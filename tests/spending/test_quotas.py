"""Nobody spends more than a day allows, however many ask at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.orm import Session

from chalicelib.core.config import LEAST_IMAGES, LEAST_TEXTS, Settings, settings
from chalicelib.core.db import transaction
from chalicelib.core.models import DailyCost, DailyUsage, Job
from chalicelib.personas import services
from chalicelib.spending import quotas
from chalicelib.spending.exceptions import BudgetExceeded, LimitReached, QuotaExceeded
from chalicelib.spending.quotas import MICROS, Needs
from chalicelib.workers.sweeper import sweep
from local.stack import Stack
from local.vendors.control import Control
from tests.client import Answer, Api
from tests.conftest import Log, Worker, trust_vendors_again
from tests.spending.books import claim, counted, events, expire, reserved, spent

GENERATION = services.GENERATION.needs
IMAGE = Needs(images=1)
RACERS = 50
ROUNDS = 100


@pytest.fixture
def name() -> str:
    return f"Ada {uuid4().hex[:8]}"


@pytest.fixture
def poor(session: Session) -> Iterator[None]:
    """The day's money is gone, but for what one generation may cost."""
    before = spent(session)
    left = settings().daily_budget_dollars * MICROS - GENERATION.most_micros
    set_spent(session, left)
    yield
    set_spent(session, before)


def set_spent(session: Session, micros: int) -> None:
    session.execute(sa.delete(DailyCost))
    today = sa.func.timezone("utc", sa.func.now()).cast(sa.Date)
    session.execute(sa.insert(DailyCost).values(day=today, cost_micros=micros))


def use(session: Session, api: Api, *, texts: int = 0, images: int = 0) -> None:
    today = sa.func.timezone("utc", sa.func.now()).cast(sa.Date)
    session.execute(
        sa.insert(DailyUsage).values(user_id=api.user["id"], day=today, texts=texts, images=images)
    )


def generate(api: Api, name: str = "Ada") -> str:
    answer = api.generate(name)
    assert answer.status == 202, answer
    return str(answer.json["job"]["id"])


def cost(session: Session, job_id: str) -> int:
    return sum(each.cost_micros for each in events(session, job_id))


def test_no_limit_can_be_set_that_no_generation_fits_into(stack: Stack) -> None:
    assert (GENERATION.most_texts, GENERATION.most_images) == (LEAST_TEXTS, LEAST_IMAGES)
    with pytest.raises(ValidationError, match=f"greater than or equal to {LEAST_TEXTS}"):
        Settings(daily_texts=LEAST_TEXTS - 1)
    with pytest.raises(ValidationError, match=f"greater than or equal to {LEAST_IMAGES}"):
        Settings(daily_images=LEAST_IMAGES - 1)


def test_an_accepted_job_has_the_most_it_may_use_set_aside(api: Api, session: Session) -> None:
    before = spent(session)
    job_id = generate(api)
    assert reserved(session, job_id) == (15, 3)
    assert counted(session, api.user["id"]) == (15, 3)
    assert spent(session) == before + GENERATION.most_micros


def test_a_finished_job_has_used_what_the_ledger_says(
    api: Api, worker: Worker, session: Session
) -> None:
    before = spent(session)
    job_id = generate(api)
    worker.work()
    assert reserved(session, job_id) is None
    assert counted(session, api.user["id"]) == (3, 1)
    assert spent(session) == before + cost(session, job_id)


def test_however_a_job_ends_nothing_stays_set_aside(
    api: Api, worker: Worker, session: Session, ai: Control, name: str
) -> None:
    cancelled, late, exhausted = (generate(api, f"{name} {each}") for each in range(3))
    assert api.post(f"/jobs/{cancelled}/cancel").status == 202
    session.execute(sa.update(Job).where(Job.id == late).values(deadline=sa.func.now()))
    for _ in range(3):
        claim(exhausted)
        expire(session, exhausted)
    sweep()
    ai.fail("moderation", "flagged", contains=name)
    failed = generate(api, f"{name} 3")
    worker.work()
    jobs = [api.get(f"/jobs/{each}").json for each in (cancelled, late, exhausted, failed)]
    assert [job["error"]["code"] for job in jobs] == [
        "cancelled",
        "deadline",
        "exhausted",
        "content_policy",
    ]
    assert [reserved(session, job["id"]) for job in jobs] == [None] * 4
    assert counted(session, api.user["id"]) == (0, 0)


def test_what_is_settled_is_not_settled_again(api: Api, worker: Worker, session: Session) -> None:
    job_id = generate(api)
    worker.work()
    before = (counted(session, api.user["id"]), spent(session))
    with transaction() as opened:
        quotas.settle(opened, job_ids=[UUID(job_id)])
    assert (counted(session, api.user["id"]), spent(session)) == before


def test_a_retry_is_set_aside_anew_and_what_was_used_is_counted_once(
    api: Api, worker: Worker, session: Session, ai: Control, name: str
) -> None:
    before = spent(session)
    ai.fail("text", "500", contains=name, times=6)
    job_id = generate(api, name)
    for _ in range(3):
        trust_vendors_again()
        worker.deliver(job_id)
    assert counted(session, api.user["id"]) == (0, 1)
    assert api.post(f"/jobs/{job_id}/retry").status == 202
    assert counted(session, api.user["id"]) == (15, 4)
    ai.clear()
    trust_vendors_again()
    worker.work()
    assert counted(session, api.user["id"]) == (3, 1)
    assert spent(session) == before + cost(session, job_id)


@pytest.mark.parametrize(
    ("used", "name", "left"), [({"images": 48}, "images", 2), ({"texts": 495}, "texts", 5)]
)
def test_beyond_the_limit_the_answer_says_which_and_until_when(
    api: Api, session: Session, used: dict[str, int], name: str, left: int
) -> None:
    use(session, api, **used)
    answer = api.generate()
    assert (answer.status, answer.code) == (429, "quota_exceeded")
    limit = answer.json["limit"]
    size = {"images": 50, "texts": 500}[name]
    assert (limit["name"], limit["size"], limit["left"]) == (f"{name}_per_day", size, left)
    is_promised(answer)
    assert api.get("/jobs").json["items"] == api.get("/personas").json["items"] == []


def is_promised(answer: Answer) -> None:
    """The reset is the next midnight (UTC), and `Retry-After` leads there."""
    resets_at = datetime.fromisoformat(answer.json["limit"]["resets_at"])
    assert resets_at.time() == datetime.min.time()
    wait = timedelta(seconds=int(answer.headers["Retry-After"]))
    assert abs(datetime.now(UTC) + wait - resets_at) < timedelta(seconds=60)


def test_what_fills_the_limit_is_accepted(api: Api, session: Session) -> None:
    use(session, api, images=47, texts=485)
    assert api.generate().status == 202


def test_a_persona_that_is_there_needs_nothing(api: Api, worker: Worker, session: Session) -> None:
    generate(api)
    worker.work()
    session.execute(sa.update(DailyUsage).values(images=50))
    assert api.generate("Ada").status == 200
    assert api.generate("Ada", force=True).code == "quota_exceeded"


def test_a_retry_beyond_the_limit_is_refused_and_the_job_stays_failed(
    api: Api, worker: Worker, session: Session, ai: Control, name: str
) -> None:
    ai.fail("moderation", "500", contains=name, times=3)
    job_id = generate(api, name)
    for _ in range(3):
        worker.deliver(job_id)
    session.execute(sa.update(DailyUsage).values(images=48))
    assert api.post(f"/jobs/{job_id}/retry").code == "quota_exceeded"
    assert api.get(f"/jobs/{job_id}").json["status"] == "failed"


def test_when_the_day_s_money_is_spent_nobody_starts_anything(
    api: Api, stranger: Api, session: Session, poor: None, log: Log
) -> None:
    generate(api)
    answer = stranger.generate()
    assert (answer.status, answer.code) == (429, "budget_exceeded")
    assert answer.json["limit"]["name"] == "dollars_per_day"
    is_promised(answer)
    assert counted(session, stranger.user["id"]) == (0, 0)
    assert [line["level"] for line in log.lines if "budget" in line["message"]] == ["warning"]


@pytest.fixture
def engine(stack: Stack) -> Iterator[sa.Engine]:
    """Connections that wait for their turn however busy the machine is."""
    patient = {"options": "-c lock_timeout=0 -c statement_timeout=0"}
    engine = sa.create_engine(
        stack.env["DATABASE_URL"], pool_size=RACERS, pool_timeout=300, connect_args=patient
    )
    yield engine
    engine.dispose()


@pytest.fixture
def jobs(session: Session, api: Api) -> Iterator[list[UUID]]:
    """One for each racer. They belong to no worker, and are gone before a sweep."""
    values = {"owner_id": api.user["id"], "kind": "race", "input": {}}
    deadline = sa.func.now() + timedelta(hours=1)
    rows = session.scalars(
        sa.insert(Job).values(deadline=deadline).returning(Job.id), [values] * RACERS
    )
    ids = list(rows)
    yield ids
    session.execute(sa.delete(Job).where(Job.id.in_(ids)))


def race(engine: sa.Engine, api: Api, jobs: list[UUID], *, refusal: type[LimitReached]) -> int:
    """Let everybody reserve at the same time; return how many could."""

    def reserve(job_id: UUID) -> bool:
        try:
            with Session(engine) as session, session.begin():
                quotas.reserve(session, user_id=api.user["id"], job_id=job_id, needs=IMAGE)
        except refusal:
            return False
        return True

    with ThreadPoolExecutor(RACERS) as pool:
        return sum(pool.map(reserve, jobs))


def test_fifty_at_once_do_not_overspend_a_user_s_limit(
    api: Api, session: Session, engine: sa.Engine, jobs: list[UUID]
) -> None:
    for number in range(ROUNDS):
        left = number % 8
        session.execute(sa.delete(DailyUsage).where(DailyUsage.user_id == api.user["id"]))
        use(session, api, images=50 - 3 * left)
        assert race(engine, api, jobs, refusal=QuotaExceeded) == left
        session.execute(sa.text("DELETE FROM reservations"))


def test_fifty_at_once_do_not_overspend_the_day_s_money(
    api: Api, session: Session, engine: sa.Engine, jobs: list[UUID]
) -> None:
    before = spent(session)
    cap = settings().daily_budget_dollars * MICROS
    for number in range(ROUNDS // 10):
        session.execute(sa.delete(DailyUsage).where(DailyUsage.user_id == api.user["id"]))
        set_spent(session, cap - number * IMAGE.most_micros)
        assert race(engine, api, jobs, refusal=BudgetExceeded) == number
        session.execute(sa.text("DELETE FROM reservations"))
    set_spent(session, before)


def test_fifty_requests_at_once_do_not_overspend(api: Api, session: Session) -> None:
    use(session, api, images=50 - 3 * 4)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda number: api.generate(f"Ada {number}"), range(20)))
    assert sorted(answer.status for answer in answers) == [202] * 4 + [429] * 16
    assert counted(session, api.user["id"])[1] == 50
