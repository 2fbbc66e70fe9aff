"""A persona is asked who it is, and mended where it is somebody else."""

from statistics import fmean
from typing import Any
from uuid import uuid4

import pytest

from local.vendors.control import Control
from tests.client import Api
from tests.conftest import Worker
from tests.workers.test_persona_generator import run_to_end

ASKED = "life of the party"
"""Only the questionnaire holds this."""

TIMID = "{name} is quiet, shy, reserved, anxious, nervous and moody, chaotic and always late."


@pytest.fixture
def name() -> str:
    return f"Ada {uuid4().hex[:8]}"


def made(api: Api, worker: Worker, name: str) -> dict[str, Any]:
    job_id = api.generate(name, description=TIMID.format(name=name)).json["job"]["id"]
    assert run_to_end(api, worker, job_id)["status"] == "succeeded"
    persona: dict[str, Any] = api.get("/personas/me").json["persona"]
    return persona


def distance(persona: dict[str, Any]) -> float:
    answered, meant = persona["fidelity"]["traits"], persona["traits"]
    return fmean(abs(answered[name] - meant[name]["estimate"]) for name in answered)


def test_a_persona_that_is_who_was_meant_is_asked_once(
    api: Api, worker: Worker, ai: Control, name: str
) -> None:
    persona = made(api, worker, name)
    fidelity = persona["fidelity"]
    assert fidelity["value"] >= 0.8
    assert fidelity["value"] == pytest.approx(1 - distance(persona), abs=0.011)
    assert fidelity["corrected"] is False
    assert "hardly ever" not in persona["system_prompt"]
    assert ai.calls("text", contains=name).count == 3


def test_a_persona_that_misses_its_low_poles_is_corrected(
    api: Api, worker: Worker, ai: Control, name: str
) -> None:
    ai.fail("text", "misses_low_poles", contains=ASKED, times=2)
    persona = made(api, worker, name)
    fidelity = persona["fidelity"]
    assert fidelity["corrected"] is True
    assert fidelity["value"] >= 0.8
    assert fidelity["value"] == pytest.approx(1 - distance(persona), abs=0.011)
    stressed = [line for line in persona["system_prompt"].splitlines() if "hardly ever" in line]
    assert len(stressed) == 2
    assert {line.partition(":")[0] for line in stressed} < {
        "- conscientiousness",
        "- extraversion",
        "- emotional stability / sensitivity",
    }
    assert ai.calls("text", contains=name).count == 4


def test_of_two_prompts_the_better_one_is_kept(
    api: Api, worker: Worker, ai: Control, name: str
) -> None:
    ai.fail("text", "misses_low_poles", contains=ASKED)
    ai.fail("text", "contrary", contains=ASKED)
    persona = made(api, worker, name)
    assert persona["fidelity"]["corrected"] is False
    assert 0.5 < persona["fidelity"]["value"] < 0.8
    assert persona["fidelity"]["traits"]["extraversion"] == pytest.approx(0.5, abs=0.13)
    assert "hardly ever" not in persona["system_prompt"]


def test_what_was_measured_is_not_paid_for_again(
    api: Api, worker: Worker, ai: Control, name: str
) -> None:
    ai.fail("image", "500", contains=name)
    ai.fail("prediction", "500", contains=name)
    ai.fail("text", "misses_low_poles", contains=ASKED, times=2)
    assert made(api, worker, name)["fidelity"]["corrected"] is True
    assert ai.calls("text", contains=name).count == 4


def test_a_vendor_that_is_out_to_the_last_leaves_it_unmeasured(
    api: Api, worker: Worker, ai: Control, name: str
) -> None:
    ai.fail("text", "503", contains=ASKED, times=3)
    persona = made(api, worker, name)
    assert (persona["fidelity"], persona["warnings"]) == (None, ["fidelity_unmeasured"])
    assert persona["system_prompt"].startswith(f"You are {name}")
    assert api.get("/personas/me").json["generation"]["attempt"] == 3


def test_a_vendor_that_is_out_at_the_second_asking_leaves_the_first_answer(
    api: Api, worker: Worker, ai: Control, name: str
) -> None:
    ai.fail("text", "misses_low_poles", contains=ASKED)
    ai.fail("text", "503", contains=ASKED, times=3)
    fidelity = made(api, worker, name)["fidelity"]
    assert fidelity["corrected"] is False
    assert fidelity["value"] < 0.8


@pytest.mark.parametrize("kind", ["schema_invalid", "refusal"])
def test_an_answer_that_cannot_be_used_leaves_it_unmeasured_at_once(
    api: Api, worker: Worker, ai: Control, name: str, kind: str
) -> None:
    ai.fail("text", kind, contains=ASKED, times=2)
    ai.fail("image", "500", contains=name)
    ai.fail("prediction", "500", contains=name)
    persona = made(api, worker, name)
    assert (persona["fidelity"], persona["warnings"]) == (None, ["fidelity_unmeasured"])
    asked = ai.calls("text", contains=name).count - 2
    assert asked == {"schema_invalid": 2, "refusal": 1}[kind]
