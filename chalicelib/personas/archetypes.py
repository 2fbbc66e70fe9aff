"""One of eight archetypes for a profile: the one whose direction is nearest, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from chalicelib.analyses.instruments import Trait
from chalicelib.personas.brief import SCALES, describe

MIDDLE = 0.5
DECIDING = 2

Vector = Mapping[Trait, float]


class Archetype(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    traits: Vector


class _Catalogue(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    note: str
    archetypes: Sequence[Archetype]


ARCHETYPES = _Catalogue.model_validate_json(
    Path(__file__).with_name("archetypes.json").read_bytes()
).archetypes


@dataclass(frozen=True)
class Match:
    archetype: Archetype
    similarity: float
    deciding: Sequence[Trait]
    explanation: str


def nearest(levels: Vector) -> Match | None:
    """Return the archetype nearest in direction from the middle, or None for who stands there."""
    centred = {trait: levels[trait] - MIDDLE for trait in Trait}
    if not any(centred.values()):
        return None
    best = max(ARCHETYPES, key=lambda each: cosine(centred, each.traits))
    shares = {trait: centred[trait] * best.traits[trait] for trait in Trait}
    first, *others = sorted(Trait, key=lambda trait: -shares[trait])[:DECIDING]
    deciding = [first, *(trait for trait in others if shares[trait] > 0)]
    return Match(best, cosine(centred, best.traits), deciding, _explained(best, deciding, levels))


def stored_archetype(levels: Vector) -> dict[str, Any] | None:
    if (match := nearest(levels)) is None:
        return None
    return {
        "id": match.archetype.id,
        "name": match.archetype.name,
        "deciding": [trait.value for trait in match.deciding],
        "explanation": match.explanation,
    }


def cosine(one: Vector, other: Vector) -> float:
    product = sum(one[trait] * other[trait] for trait in Trait)
    return product / (hypot(*one.values()) * hypot(*other.values()))


def _explained(archetype: Archetype, deciding: Sequence[Trait], levels: Vector) -> str:
    reasons = " and ".join(
        f"{SCALES[trait].name} ({describe(trait, levels[trait])})" for trait in deciding
    )
    return f"{archetype.name}, mostly because of {reasons}."
