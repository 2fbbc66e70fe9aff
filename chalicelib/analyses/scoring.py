"""From answers to traits, with how sure they are. Pure functions, all on the scale 0..1."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from statistics import fmean, stdev

from chalicelib.analyses.instruments import Factor, Instrument, Item, Reference, Trait
from chalicelib.core.models import InvalidReason

SCORING_VERSION = 1

MIN_RATERS = 3
"""With fewer, a mean would show what single friends answered."""
MAX_UNKNOWN = 6
MIN_ITEMS = 3
MIN_SE = 0.05
SINGLE_RATER = 0.32
"""How far two friends agree about one person: the reliability of one of them alone."""
BLIND_SPOT_SDS = 0.8

Answers = Mapping[str, int | None]
"""From an item's id to 1..5, or None for "don't know"."""


class Label(StrEnum):
    LOW = "low"
    FAIR = "fair"
    GOOD = "good"


class Sight(StrEnum):
    """Who sees a trait in somebody: a comparison of what they and their friends answered."""

    BOTH = "both_see_it"
    FRIENDS = "friends_see_it"
    SELF = "only_you_see_it"


@dataclass(frozen=True)
class TraitScore:
    """`observed` is what was answered, None where too few did; `estimate` draws it towards what is
    usual, the more the less reliable it is."""

    observed: float | None
    estimate: float
    se: float
    reliability: float

    @property
    def label(self) -> Label:
        return label_of(self.reliability)


def invalid_reason(answers: Answers) -> InvalidReason | None:
    """Say why a response does not count, or None when it does. With reversed items among the
    others, the same answer to all of them contradicts itself."""
    given = list(answers.values())
    if given.count(None) > MAX_UNKNOWN:
        return InvalidReason.TOO_MANY_UNKNOWN
    if len(set(given)) == 1:
        return InvalidReason.STRAIGHT_LINE
    return None


def rate(instrument: Instrument, answers: Answers) -> dict[Trait, float | None]:
    """Return each trait as one rater sees it; None where fewer than three items were answered."""
    ratings: dict[Trait, float | None] = {}
    for factor, scale in instrument.factors.items():
        level = _level(_keyed(instrument, factor, answers))
        ratings[scale.trait] = 1 - level if level is not None and scale.inverted else level
    return ratings


def spearman_brown(raters: int) -> float:
    """The reliability of the mean of so many raters."""
    return raters * SINGLE_RATER / (1 + (raters - 1) * SINGLE_RATER)


def label_of(reliability: float) -> Label:
    if reliability < 0.60:  # noqa: PLR2004 - the table of labels is here
        return Label.LOW
    return Label.FAIR if reliability <= 0.75 else Label.GOOD  # noqa: PLR2004 - the same


def shrink(observed: float, *, reliability: float, mean: float) -> float:
    """Kelley's estimate: a few friends' extreme answers do not make an extreme person."""
    return reliability * observed + (1 - reliability) * mean


def score_friends(instrument: Instrument, responses: Iterable[Answers]) -> dict[Trait, TraitScore]:
    rated = [rate(instrument, answers) for answers in responses]
    scores: dict[Trait, TraitScore] = {}
    for trait, reference in instrument.references.traits.items():
        ratings = [level for each in rated if (level := each[trait]) is not None]
        scores[trait] = score_trait(ratings, reference)
    return scores


def score_trait(ratings: Sequence[float], reference: Reference) -> TraitScore:
    if len(ratings) < MIN_RATERS:
        return _unknown(reference)
    observed, reliability = fmean(ratings), spearman_brown(len(ratings))
    return TraitScore(
        observed=observed,
        estimate=shrink(observed, reliability=reliability, mean=reference.mean),
        se=max(stdev(ratings) / sqrt(len(ratings)), MIN_SE),
        reliability=reliability,
    )


def score_self(instrument: Instrument, answers: Answers) -> dict[Trait, TraitScore]:
    """Score somebody's own answers: there the scale's published alpha is the reliability."""
    ratings = rate(instrument, answers)
    scores: dict[Trait, TraitScore] = {}
    for scale in instrument.factors.values():
        reference, level = instrument.references.traits[scale.trait], ratings[scale.trait]
        scores[scale.trait] = (
            _unknown(reference)
            if level is None
            else TraitScore(
                observed=level,
                estimate=shrink(level, reliability=scale.alpha, mean=reference.mean),
                se=max(reference.sd * sqrt(1 - scale.alpha), MIN_SE),
                reliability=scale.alpha,
            )
        )
    return scores


def compare(own: float, friends: float, reference: Reference) -> Sight:
    if abs(own - friends) <= BLIND_SPOT_SDS * reference.sd:
        return Sight.BOTH
    return Sight.FRIENDS if friends > own else Sight.SELF


def _keyed(instrument: Instrument, factor: Factor, answers: Answers) -> list[int]:
    return [
        _toward_factor(item, answer)
        for item in instrument.items
        if item.factor == factor and (answer := answers[item.id]) is not None
    ]


def _toward_factor(item: Item, answer: int) -> int:
    return 6 - answer if item.reversed else answer


def _level(keyed: Sequence[int]) -> float | None:
    return (fmean(keyed) - 1) / 4 if len(keyed) >= MIN_ITEMS else None


def _unknown(reference: Reference) -> TraitScore:
    return TraitScore(observed=None, estimate=reference.mean, se=reference.sd, reliability=0.0)
