"""What a pair's chemistry means, in words made from templates: the same pair, the same words."""

from chalicelib.analyses.instruments import Trait
from chalicelib.social.chemistry import MODEL, Chemistry, Label, Profile

CAVEAT = (
    "Personality explains little of who gets on with whom; studies with over a hundred measures "
    "could not predict particular pairs. Read this as a conversation starter."
)
NAMES = {
    Trait.OPENNESS: "openness",
    Trait.CONSCIENTIOUSNESS: "conscientiousness",
    Trait.EXTRAVERSION: "extraversion",
    Trait.AGREEABLENESS: "agreeableness",
    Trait.EMOTIONAL_STABILITY: "emotional stability",
}
LABEL_WORDS = {
    Label.EASY_MATCH: "an easy match",
    Label.TYPICAL: "a typical pair",
    Label.TAKES_EFFORT: "a pair that takes some effort",
    Label.VERY_DIFFERENT: "two very different people",
}
NEAR, APART = 0.15, 0.35
LOW, HIGH = 0.4, 0.6


def signed(points: float) -> str:
    if points == 0:
        return "\N{PLUS-MINUS SIGN}0.0"
    sign = "+" if points > 0 else "\N{MINUS SIGN}"
    return f"{sign}{abs(points):.1f}"


def why(trait: Trait, one: Profile, other: Profile) -> str:
    """Say how the two stand to each other, and why that counts."""
    return f"{standing(trait, one, other).capitalize()}. {MODEL.traits[trait].reason}"


def standing(trait: Trait, one: Profile, other: Profile) -> str:
    gap = abs(one[trait].estimate - other[trait].estimate)
    level = (one[trait].estimate + other[trait].estimate) / 2
    likeness = "close together" if gap <= NEAR else "far apart" if gap > APART else "somewhat apart"
    if MODEL.traits[trait].similarity == 1:
        return likeness
    height = "low" if level < LOW else "high" if level > HIGH else "in the middle"
    return f"{likeness}, and {height} on average"


def summary(chemistry: Chemistry, one: Profile, other: Profile) -> str:
    """Tell the score and the two traits that say most."""
    reasons = " and ".join(
        f"{NAMES[trait]} ({signed(chemistry.points[trait])}, {standing(trait, one, other)})"
        for trait in chemistry.strongest[:2]
    )
    return (
        f"{chemistry.score:.0f}, give or take {chemistry.margin:.0f}: "
        f"{LABEL_WORDS[chemistry.label]}. What says most is {reasons}."
    )
