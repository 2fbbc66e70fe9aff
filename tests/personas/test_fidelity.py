"""How near a persona's own answers come to what was meant."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chalicelib.analyses.instruments import MINI_IPIP, Trait
from chalicelib.personas.fidelity import Inventory, compare, corrected_aims, inventory_prompt
from tests.analyses.surveys import ITEMS, A, C, E, N, O

LEVELS = st.tuples(*[st.floats(0, 1)] * 5).map(lambda levels: dict(zip(Trait, levels, strict=True)))


def levels(*values: float) -> dict[Trait, float]:
    return dict(zip(Trait, values, strict=True))


def inventory(answers: dict[str, int]) -> Inventory:
    listed = [{"item": item, "answer": answer} for item, answer in answers.items()]
    return Inventory.model_validate({"answers": listed})


def test_the_answers_are_keyed_and_scaled_as_those_of_friends() -> None:
    answers = dict.fromkeys(ITEMS, 3)
    answers |= dict(zip(E, (5, 1, 5, 1), strict=True)) | dict(zip(A, (1, 5, 1, 5), strict=True))
    answers |= dict(zip(C, (4, 4, 4, 2), strict=True)) | dict(zip(N, (5, 1, 5, 1), strict=True))
    answers |= dict(zip(O, (4, 2, 2, 2), strict=True))
    assert inventory(answers).levels() == {
        Trait.EXTRAVERSION: 1.0,
        Trait.AGREEABLENESS: 0.0,
        Trait.CONSCIENTIOUSNESS: 0.625,
        Trait.EMOTIONAL_STABILITY: 0.0,
        Trait.OPENNESS: 0.75,
    }


GOOD = [{"item": item, "answer": 3} for item in ITEMS]
WRONG: dict[str, list[Any]] = {
    "nothing": [],
    "one is missing": GOOD[1:],
    "one is there twice": [*GOOD, GOOD[0]],
    "one is unknown": [*GOOD[1:], {"item": "21", "answer": 3}],
    "a six": [*GOOD[1:], {"item": "1", "answer": 6}],
    "a zero": [*GOOD[1:], {"item": "1", "answer": 0}],
    "a word": [*GOOD[1:], {"item": "1", "answer": "often"}],
    "no answer": [*GOOD[1:], {"item": "1", "answer": None}],
}


@pytest.mark.parametrize("case", WRONG)
def test_an_answer_that_is_not_whole_is_refused(case: str) -> None:
    with pytest.raises(ValidationError):
        Inventory.model_validate({"answers": WRONG[case]})


def test_the_persona_is_asked_every_statement_in_the_first_person_under_its_own_prompt() -> None:
    prompt = inventory_prompt("You are Ada.")
    assert prompt.instructions.startswith("You are Ada.\n")
    asked = json.loads(prompt.data)["statements"]
    assert asked == {item.id: item.self for item in MINI_IPIP.items}


def test_fidelity_is_one_minus_the_mean_distance() -> None:
    meant, answered = levels(0.9, 0.5, 0.1, 0.7, 0.3), levels(0.8, 0.5, 0.5, 0.6, 0.3)
    assert compare(answered, meant).value == pytest.approx(0.88)
    assert compare(meant, meant).value == 1
    assert compare(levels(*[1] * 5), levels(*[0] * 5)).value == 0


@given(LEVELS, LEVELS)
def test_fidelity_is_a_share_and_symmetric(
    one: dict[Trait, float], other: dict[Trait, float]
) -> None:
    assert 0 <= compare(one, other).value <= 1
    assert compare(one, other).value == pytest.approx(compare(other, one).value)


def test_the_correction_aims_beyond_the_two_that_were_missed_most() -> None:
    meant, answered = levels(0.9, 0.5, 0.2, 0.7, 0.3), levels(0.8, 0.5, 0.5, 0.6, 0.7)
    assert corrected_aims(answered, meant) == {
        Trait.EMOTIONAL_STABILITY: 0.0,
        Trait.EXTRAVERSION: 0.0,
    }
    near = corrected_aims(levels(0.8, 0.7, 0.4, 0.7, 0.3), levels(0.9, 0.5, 0.2, 0.7, 0.3))
    assert near == pytest.approx({Trait.CONSCIENTIOUSNESS: 0.3, Trait.EXTRAVERSION: 0.0})


@given(LEVELS, LEVELS)
def test_a_correction_never_aims_at_the_wrong_side(
    answered: dict[Trait, float], meant: dict[Trait, float]
) -> None:
    for trait, aim in corrected_aims(answered, meant).items():
        assert 0 <= aim <= 1
        assert (aim - meant[trait]) * (meant[trait] - answered[trait]) >= 0
