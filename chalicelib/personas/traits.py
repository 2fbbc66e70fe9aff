"""The five traits as a persona keeps them: each with its margin, and who says so."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, FiniteFloat

from chalicelib.analyses import scoring
from chalicelib.analyses.instruments import Trait
from chalicelib.analyses.reading import Answered
from chalicelib.analyses.scoring import TraitScore
from chalicelib.core.models import TraitSource
from chalicelib.core.text import plain
from chalicelib.personas.archetypes import MIDDLE
from chalicelib.personas.evidence import is_literal

INFERRED_SE = 0.2
"""The standard error of a trait that a model read out of a description, on the scale 0..1."""

UNMEASURED: Mapping[str, Any] = {
    "n": None,
    "reliability": None,
    "instrument": None,
    "scoring_version": None,
}


class InferredTrait(BaseModel):
    """How strong a trait is, from 0 to 1, and the words of the description that show it."""

    value: Annotated[FiniteFloat, AfterValidator(lambda value: min(max(value, 0.0), 1.0))]
    quote: str


class InferredTraits(BaseModel):
    openness: InferredTrait
    conscientiousness: InferredTrait
    extraversion: InferredTrait
    agreeableness: InferredTrait
    emotional_stability: InferredTrait


def inferred_traits(inferred: InferredTraits, *, description: str) -> dict[str, Any]:
    """Return the stored form. A quote that is not in the description is no evidence: dropped."""
    traits: dict[str, Any] = {}
    for name in Trait:
        trait: InferredTrait = getattr(inferred, name)
        quote = plain(trait.quote, limit=280)
        traits[name.value] = {
            "estimate": round(trait.value, 2),
            "observed": None,
            "se": INFERRED_SE,
            "quote": quote if is_literal(quote, [description]) else None,
        }
    source = {"source": TraitSource.INFERRED.value, "basis": "inferred from a description"}
    return {**source, **UNMEASURED, **traits}


def friends_traits(answered: Answered) -> dict[str, Any]:
    """Return the stored form of what friends answered."""
    reliability = scoring.spearman_brown(answered.n)
    return {
        "source": TraitSource.PEER.value,
        "basis": f"{answered.n} friends",
        "n": answered.n,
        "reliability": {
            "value": round(reliability, 2),
            "label": scoring.label_of(reliability).value,
        },
        "instrument": answered.instrument,
        "scoring_version": scoring.SCORING_VERSION,
        **{trait.value: _measured(score) for trait, score in answered.scores.items()},
    }


def estimates(traits: Mapping[str, Any]) -> dict[Trait, float]:
    return {trait: float(traits[trait.value]["estimate"]) for trait in Trait}


def seen_levels(traits: Mapping[str, Any]) -> dict[Trait, float]:
    """Return the estimates of what somebody has seen, and the middle for the rest: what is usual
    among people says nothing of this one."""
    return estimates(traits) | dict.fromkeys(set(Trait) - supported(traits), MIDDLE)


def supported(traits: Mapping[str, Any]) -> set[Trait]:
    """Return the traits that somebody has seen: answered about, or shown by a quote."""
    return {
        trait
        for trait in Trait
        if traits[trait.value]["observed"] is not None or traits[trait.value]["quote"] is not None
    }


def _measured(score: TraitScore) -> dict[str, Any]:
    return {
        "estimate": round(score.estimate, 2),
        "observed": None if score.observed is None else round(score.observed, 2),
        "se": round(score.se, 2),
        "quote": None,
    }
