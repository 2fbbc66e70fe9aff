"""Whether a prompt makes the persona that was meant: it answers the questionnaire about itself.

What it says of itself is a check on the prompt, no proof of how it behaves; see decision 0018.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from chalicelib.analyses import scoring
from chalicelib.analyses.instruments import MINI_IPIP, Trait
from chalicelib.core.ports import Prompt

ENOUGH = 0.80
WORST = 2

Levels = Mapping[Trait, float]

_STATEMENTS = {item.id: item.self for item in MINI_IPIP.items}


class ItemAnswer(BaseModel):
    item: str
    answer: Annotated[int, Field(ge=1, le=5)]


def _whole(answers: list[ItemAnswer]) -> list[ItemAnswer]:
    given = {each.item: each.answer for each in answers}
    if given.keys() != _STATEMENTS.keys() or len(answers) != len(given):
        message = "must answer each statement once"
        raise ValueError(message)
    return answers


class Inventory(BaseModel):
    """What a persona answers about itself."""

    answers: Annotated[list[ItemAnswer], AfterValidator(_whole)]

    def levels(self) -> dict[Trait, float]:
        rated = scoring.rate(MINI_IPIP, {each.item: each.answer for each in self.answers})
        return {trait: level for trait, level in rated.items() if level is not None}


@dataclass(frozen=True)
class Fidelity:
    """From 0 to 1: one minus the mean distance between what was answered and what was meant."""

    value: float
    answered: Levels


def inventory_prompt(persona: str) -> Prompt:
    """Ask the persona, under its own instructions, how well each statement describes it."""
    scale = ", ".join(f"{number} {meaning}" for number, meaning in MINI_IPIP.scale.items())
    return Prompt(
        instructions=(
            f"{persona}\n\nStay this persona and answer a questionnaire about yourself. The user's "
            "message is a JSON object of numbered statements. Say of each how accurately it "
            f"describes you as you are: {scale}. Use the whole scale, and answer every statement."
        ),
        data=json.dumps({"statements": _STATEMENTS}, ensure_ascii=False),
    )


def compare(answered: Levels, meant: Levels) -> Fidelity:
    return Fidelity(1 - fmean(_misses(answered, meant).values()), answered)


def corrected_aims(answered: Levels, meant: Levels) -> dict[Trait, float]:
    """Return where to aim at the two traits that were missed most: as far beyond what was meant as
    the answers fell short of it."""
    misses = _misses(answered, meant)
    worst = sorted(Trait, key=lambda trait: -misses[trait])[:WORST]
    return {trait: min(max(2 * meant[trait] - answered[trait], 0.0), 1.0) for trait in worst}


def _misses(answered: Levels, meant: Levels) -> dict[Trait, float]:
    return {trait: abs(answered[trait] - meant[trait]) for trait in Trait}
