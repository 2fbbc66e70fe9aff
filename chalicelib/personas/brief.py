"""Traits in words: what a model is told of somebody, in place of numbers.

Each estimate becomes one of nine qualifiers with marker adjectives of its pole, after
Serapio-García et al. (2023, arXiv 2307.00184), who shaped 18 models' personalities that way.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.analyses.instruments import Trait

LEVELS = 9
MIDDLE = LEVELS // 2
QUALIFIERS = ("extremely ", "very ", "", "a bit ")
"""From either end inwards; in the middle somebody is neither the one nor the other."""

Brief = Mapping[Trait, str]
Words = tuple[str, str, str]


@dataclass(frozen=True)
class Scale:
    """A trait between its two ends, as people are told of it."""

    name: str
    low: Words
    high: Words


SCALES: Mapping[Trait, Scale] = {
    Trait.OPENNESS: Scale(
        "openness",
        low=("practical", "conventional", "down-to-earth"),
        high=("curious", "imaginative", "inventive"),
    ),
    Trait.CONSCIENTIOUSNESS: Scale(
        "conscientiousness",
        low=("spontaneous", "messy", "forgetful"),
        high=("careful", "organised", "reliable"),
    ),
    Trait.EXTRAVERSION: Scale(
        "extraversion",
        low=("quiet", "reserved", "withdrawn"),
        high=("talkative", "outgoing", "energetic"),
    ),
    Trait.AGREEABLENESS: Scale(
        "agreeableness",
        low=("blunt", "critical", "stubborn"),
        high=("warm", "kind", "helpful"),
    ),
    Trait.EMOTIONAL_STABILITY: Scale(
        "emotional stability / sensitivity",
        low=("sensitive", "restless", "easily worried"),
        high=("calm", "relaxed", "steady"),
    ),
}


def write_brief(levels: Mapping[Trait, float]) -> dict[Trait, str]:
    return {trait: describe(trait, levels[trait]) for trait in Trait}


def describe(trait: Trait, level: float) -> str:
    """Say a level from 0 to 1 in words: three adjectives, all with the same qualifier."""
    scale, step = SCALES[trait], level_of(level)
    if step == MIDDLE:
        pairs = zip(scale.low, scale.high, strict=True)
        return "; ".join(f"neither {low} nor {high}" for low, high in pairs)
    return _listed(QUALIFIERS[min(step, LEVELS - 1 - step)], _pole(scale, step))


def stress(trait: Trait, level: float) -> str:
    """Say it with more force: the other pole is named as what this is not."""
    scale, step = SCALES[trait], level_of(level)
    if step == MIDDLE:
        return f"{describe(trait, level)}; keep to the middle in all you say"
    opposite = _pole(scale, LEVELS - 1 - step)
    return (
        f"{describe(trait, level)}; this shows in all you say; hardly ever {' or '.join(opposite)}"
    )


def level_of(level: float) -> int:
    """Return which of the nine levels this is, from 0 to 8."""
    return min(int(level * LEVELS), LEVELS - 1)


def sentence(brief: Brief) -> str:
    """Tell the brief in one sentence, for prompts that want a description."""
    return f"Somebody who is {'; '.join(brief.values())}."


def _pole(scale: Scale, step: int) -> Words:
    return scale.low if step < MIDDLE else scale.high


def _listed(qualifier: str, words: Words) -> str:
    first, second, third = (f"{qualifier}{word}" for word in words)
    return f"{first}, {second} and {third}"
