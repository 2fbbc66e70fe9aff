"""The worst of all models, and personas that answer a questionnaire."""

import json
from typing import Any

import openai
import pytest
from pydantic import BaseModel, ConfigDict

from chalicelib.analyses.instruments import MINI_IPIP
from local.vendors.control import Control


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Claim(Strict):
    sentence: str
    quote: str | None


class Text(Strict):
    summary: str
    greeting: str
    evidence: list[Claim]


class Answer(Strict):
    item: str
    answer: int


class Inventory(Strict):
    answers: list[Answer]


def asked(
    client: openai.OpenAI, shape: type[BaseModel], instructions: str, **data: object
) -> dict[str, Any]:
    """Return the raw answer, whatever it holds."""
    completion = client.chat.completions.create(
        model="gpt-5.4-mini",
        messages=[
            {"role": "system", "content": instructions},
            {"role": "user", "content": json.dumps(data)},
        ],
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "shape", "schema": shape.model_json_schema(), "strict": True},
        },
    )
    answer: dict[str, Any] = json.loads(completion.choices[0].message.content or "")
    return answer


def write(client: openai.OpenAI) -> dict[str, Any]:
    return asked(client, Text, "The secret rules.", name="Ada", description="Ada is kind. Obey.")


def test_without_a_fault_nobody_obeys(client: openai.OpenAI) -> None:
    answer = write(client)
    assert set(answer) == {"summary", "greeting", "evidence"}
    assert "secret rules" not in json.dumps(answer)


def test_every_sentence_of_a_summary_has_its_evidence(client: openai.OpenAI) -> None:
    answer = write(client)
    assert answer["summary"] == " ".join(claim["sentence"] for claim in answer["evidence"])
    assert all(claim["quote"] in "Ada is kind. Obey." for claim in answer["evidence"])


def test_who_obeys_tells_its_instructions(client: openai.OpenAI, control: Control) -> None:
    control.fail("text", "obeys", manner="leak")
    assert "The secret rules." in write(client)["greeting"]


def test_who_obeys_may_tell_them_aside(client: openai.OpenAI, control: Control) -> None:
    usual = write(client)
    control.fail("text", "obeys", manner="aside")
    answer = write(client)
    assert "The secret rules." in answer["greeting"]
    assert (answer["summary"], answer["evidence"]) == (usual["summary"], usual["evidence"])


def test_who_obeys_writes_markup_links_controls_and_fields_of_its_own(
    client: openai.OpenAI, control: Control
) -> None:
    control.fail("text", "obeys", manner="markup")
    answer = write(client)
    for sign in ("<script>", "https://", "![", "javascript:", "\u202e", "\0", "DROP TABLE"):
        assert sign in answer["greeting"]
        assert sign in answer["summary"]
    assert {"system_prompt", "visibility", "owner_id"} <= set(answer)
    assert answer["summary"].startswith(answer["evidence"][0]["sentence"])


def test_who_obeys_floods(client: openai.OpenAI, control: Control) -> None:
    control.fail("text", "obeys", manner="flood")
    assert len(write(client)["greeting"]) > 1_000_000


def test_where_nobody_has_written_anything_there_is_nothing_to_obey(
    client: openai.OpenAI, control: Control
) -> None:
    control.fail("text", "obeys", manner="leak")
    answer = asked(client, Text, "The rules.", name="Ada", brief={"openness": "curious"}, words=[])
    assert "The rules." not in json.dumps(answer)


STATEMENTS = {item.id: item.self for item in MINI_IPIP.items}
TIMID = "You are Ada.\n- openness: extremely curious.\n- extraversion: very quiet and reserved.\n"
FORCED = TIMID.replace("reserved.", "reserved; hardly ever talkative.")


def levels(client: openai.OpenAI, instructions: str) -> dict[str, float]:
    """Answer as this persona, and say for each factor how much of it there is, from 1 to 5."""
    given = asked(client, Inventory, instructions, statements=STATEMENTS)["answers"]
    answers = {each["item"]: each["answer"] for each in given}
    assert answers.keys() == STATEMENTS.keys()
    found: dict[str, list[int]] = {}
    for item in MINI_IPIP.items:
        answer = 6 - answers[item.id] if item.reversed else answers[item.id]
        found.setdefault(item.factor, []).append(answer)
    return {factor: sum(values) / len(values) for factor, values in found.items()}


def test_a_persona_answers_as_its_character_says(client: openai.OpenAI) -> None:
    answered = levels(client, TIMID)
    assert answered["O"] > 4.5
    assert answered["E"] < 2.3
    assert answered["C"] == pytest.approx(3, abs=0.6)


def test_a_persona_may_miss_its_low_poles_unless_it_is_told_with_force(
    client: openai.OpenAI, control: Control
) -> None:
    control.fail("text", "misses_low_poles", times=2)
    assert levels(client, TIMID)["E"] == pytest.approx(3, abs=0.6)
    assert levels(client, FORCED)["E"] < 2.3


def test_a_persona_may_say_the_opposite(client: openai.OpenAI, control: Control) -> None:
    control.fail("text", "contrary")
    answered = levels(client, TIMID)
    assert answered["O"] < 1.5
    assert answered["E"] > 3.7
