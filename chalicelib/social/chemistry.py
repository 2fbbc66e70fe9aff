"""How two people's traits go together, told on the scale of typical pairs. Pure functions.

The constants and their reasons are data: `chemistry.json`. A typical pair has 50 points, and one
standard deviation is ten.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import erf, floor, hypot, sqrt
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from chalicelib.analyses.instruments import Trait

TYPICAL = 50.0
DEVIATION = 10.0
LEAST, MOST = 0.0, 100.0


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    weight: float
    similarity: float
    reference: float
    reason: str


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    note: str
    spread: float
    traits: Mapping[Trait, Part]


MODEL = Model.model_validate_json(Path(__file__).with_name("chemistry.json").read_bytes())


class Label(StrEnum):
    EASY_MATCH = "easy_match"
    TYPICAL = "typical"
    TAKES_EFFORT = "takes_effort"
    VERY_DIFFERENT = "very_different"


@dataclass(frozen=True)
class Level:
    """An estimate on 0..1, and its standard error."""

    estimate: float
    se: float


Profile = Mapping[Trait, Level]


@dataclass(frozen=True)
class Chemistry:
    """`points` are what each trait adds to 50, or takes away. `is_clipped` says that they lead
    beyond the scale, where the score stops."""

    score: float
    points: Mapping[Trait, float]
    margin: float
    is_clipped: bool

    @property
    def percentile(self) -> float:
        return percentile_of(self.score)

    @property
    def label(self) -> Label:
        return label_of(self.score)

    @property
    def strongest(self) -> Sequence[Trait]:
        """The traits, those first that say most."""
        return sorted(self.points, key=lambda trait: -abs(self.points[trait]))

    def told(self) -> "Chemistry":
        """Round everything to tenths, so that what is shown still adds up to what is shown."""
        points = _rounded(self.points)
        total = TYPICAL + sum(points.values())
        score = self.score if self.is_clipped else min(max(total, LEAST), MOST)
        return Chemistry(round(score, 1), points, round(self.margin, 1), self.is_clipped)


def profile_of(traits: Mapping[str, Any]) -> Profile:
    """Read a persona's stored traits."""
    return {
        trait: Level(float(traits[trait]["estimate"]), float(traits[trait]["se"]))
        for trait in MODEL.traits
    }


def compare(one: Profile, other: Profile) -> Chemistry:
    points = {
        trait: _points(part, one[trait].estimate, other[trait].estimate)
        for trait, part in MODEL.traits.items()
    }
    total = TYPICAL + sum(points.values())
    score = min(max(total, LEAST), MOST)
    return Chemistry(score, points, margin_of(one, other), is_clipped=score != total)


def margin_of(one: Profile, other: Profile) -> float:
    """One standard error of the score, from those of the ten estimates."""
    errors = (
        part.weight * (part.similarity + (1 - part.similarity) / 2) * each[trait].se
        for trait, part in MODEL.traits.items()
        for each in (one, other)
    )
    return DEVIATION / MODEL.spread * 100 * hypot(*sorted(errors))


def percentile_of(score: float) -> float:
    """The share of typical pairs that have less, in per cent."""
    return 50 * (1 + erf((score - TYPICAL) / DEVIATION / sqrt(2)))


def label_of(score: float) -> Label:
    for least, label in LABELS.items():
        if score >= least:
            return label
    return Label.VERY_DIFFERENT


def _rounded(points: Mapping[Trait, float]) -> dict[Trait, float]:
    """Round to tenths, those up that are nearest to it, until the sum is the rounded sum."""
    tenths = {trait: floor(10 * value) for trait, value in points.items()}
    missing = round(10 * sum(points.values())) - sum(tenths.values())
    nearest = sorted(points, key=lambda trait: tenths[trait] - 10 * points[trait])
    return {trait: (tenths[trait] + (trait in nearest[:missing])) / 10 for trait in points}


LABELS = {60: Label.EASY_MATCH, 45: Label.TYPICAL, 35: Label.TAKES_EFFORT}
"""From how many points on a label is given."""


def _points(part: Part, one: float, other: float) -> float:
    likeness, level = 1 - abs(one - other), (one + other) / 2
    raw = 100 * part.weight * (part.similarity * likeness + (1 - part.similarity) * level)
    return DEVIATION * (raw - part.reference) / MODEL.spread
