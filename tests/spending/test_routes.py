"""What a user is shown of it."""

from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import UsageEvent
from local.vendors.control import Control
from tests.client import Api
from tests.conftest import Worker

MODELS = {
    ("image", "openai", "gpt-image-2", 1),
    ("moderation", "openai", "omni-moderation-latest", 1),
    ("text", "openai", "gpt-5.4-mini", 3),
}


def test_usage_is_shown_by_day_and_model_with_what_is_left(api: Api, worker: Worker) -> None:
    api.generate()
    worker.work()
    api.generate("Grace")
    usage = api.get("/auth/me/usage").json
    told = {
        (each["kind"], each["provider"], each["model"], each["calls"]) for each in usage["items"]
    }
    assert told == MODELS
    texts = next(each for each in usage["items"] if each["kind"] == "text")
    assert texts["units"]["calls"] == 3
    assert texts["units"]["input_tokens"] > texts["units"]["output_tokens"] > 0
    assert texts["cost_micros"] > 0
    assert usage["limits"]["images"] == {"size": 50, "used": 4, "left": 46}
    assert usage["limits"]["texts"] == {"size": 500, "used": 18, "left": 482}
    assert usage["resets_at"].endswith("T00:00:00Z")


def test_what_cost_nothing_for_a_fault_is_left_out(api: Api, worker: Worker, ai: Control) -> None:
    name = f"Ada {uuid4().hex[:8]}"
    ai.fail("moderation", "500", contains=name)
    api.generate(name)
    worker.work()
    assert api.get("/auth/me/usage").json["items"] == []


def test_usage_goes_back_as_many_days_as_are_asked_for(
    api: Api, worker: Worker, session: Session
) -> None:
    api.generate()
    worker.work()
    mine = UsageEvent.user_id == api.user["id"]
    session.execute(sa.update(UsageEvent).where(mine).values(day=UsageEvent.day - 7))
    assert api.get("/auth/me/usage?days=7").json["items"] == []
    assert len(api.get("/auth/me/usage?days=8").json["items"]) == 3


def test_nobody_sees_anothers_usage(api: Api, stranger: Api, worker: Worker) -> None:
    api.generate()
    worker.work()
    usage = stranger.get("/auth/me/usage").json
    assert (usage["items"], usage["limits"]["images"]["used"]) == ([], 0)


@pytest.mark.parametrize("days", ["0", "91", "-1", "x", "1.5", "99999999999999999999", ""])
def test_an_odd_number_of_days_is_refused(api: Api, days: str) -> None:
    answer = api.get(f"/auth/me/usage?days={days}")
    assert (answer.status, answer.code) == (422, "invalid")
