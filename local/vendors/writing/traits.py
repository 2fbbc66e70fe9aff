"""The five traits, and the words of a description that speak for or against each."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from local.vendors.chance import Chance

NEITHER = 0.5
_STEP = 0.17
_UNMARKED = ("plain-spoken", "attentive")


@dataclass(frozen=True)
class Trait:
    name: str
    alias: str
    high_word: str
    low_word: str
    high: str
    low: str

    def hits(self, text: str) -> list[tuple[int, int]]:
        """Find its words: where each stands, and +1 or -1 for what it says."""
        found = []
        for sign, stems in ((1, self.high), (-1, self.low)):
            for match in re.finditer(rf"\b(?:{stems})\w*", text, re.IGNORECASE):
                before = text[: match.start()].casefold()
                is_denied = re.search(r"\b(?:not|no|hardly|rarely)\s+(?:\w+\s+)?$", before)
                found.append((match.start(), -sign if is_denied else sign))
        return sorted(found)

    def score(self, text: str, chance: Chance) -> float:
        """Return 0.5 where the text shows nothing."""
        hits = self.hits(text)
        if not hits:
            return NEITHER
        weight = sum(sign for _, sign in hits)
        leaning = NEITHER + _STEP * weight + chance.between(f"{self.name} score", -0.09, 0.11)
        return min(max(leaning, 0.04), 0.96)


TRAITS = (
    Trait(
        "openness",
        r"o|open\w*|curiosity|imagination",
        "curious",
        "down-to-earth",
        "curio|imagin|artis|paint|poe[mt]|music|piano|dream|invent|explor|book|novel|philosoph|read"
        "|creat|travel|wonder|idea|collect|stars|writ|experiment|garden|jazz",
        "routine|practical|conventional|tradition|down-to-earth|plain|literal",
    ),
    Trait(
        "conscientiousness",
        r"c|consc\w*|diligence|order\w*",
        "careful",
        "spontaneous",
        "careful|organi[sz]|tidy|punctual|disciplin|plan|diligen|precis|patien|thorough|reliab"
        "|method|engineer|repair|mend|list|schedul|hard-?working",
        "messy|late|chao|spontan|forget|careless|lazy|improvis|disorgani|loses",
    ),
    Trait(
        "extraversion",
        r"e|extr[ao]v\w*|sociab\w*|energy",
        "outgoing",
        "quiet",
        "outgoing|talkat|loud|cheerful|part(?:y|ies)|laugh|social|energ|jok|funny|danc|sing|lead"
        "|adventur|hosts|everybody",
        "quiet|shy|reserved|introver|solitar|alone|silen|hermit|privat|withdrawn|listens",
    ),
    Trait(
        "agreeableness",
        r"a|agree\w*|warmth|kindness",
        "warm",
        "blunt",
        "kind|warm|generous|help|gentle|friend|neighbour|neighbor|cares|caring|polite|volunteer"
        "|lov|feed|forgiv|tender",
        "grump|blunt|argu|stubborn|sarcas|harsh|competit|critic|cold|rude|selfish",
    ),
    Trait(
        "stability",
        r"s|.*stab\w*|calm\w*|resilience",
        "calm",
        "sensitive",
        "calm|steady|relax|unhurried|never hurr|serene|compos|confiden|optimis|patien|content",
        "anxi|nervous|worr|mood|sensitiv|temper|insecur|sombre|melanchol|stress|restless",
    ),
)
_NEUROTICISM = re.compile(r"n|neurotic\w*|sensitivity", re.IGNORECASE)


@dataclass(frozen=True)
class Facet:
    """A trait as a schema names it; a schema may name stability by its opposite."""

    trait: Trait
    is_reversed: bool = False

    def score(self, text: str, chance: Chance) -> float:
        value = self.trait.score(text, chance)
        return 1 - value if self.is_reversed else value


def facet_named(names: Iterable[str]) -> Facet | None:
    """Find the first name that means a trait."""
    for name in names:
        if _NEUROTICISM.fullmatch(name):
            return Facet(TRAITS[-1], is_reversed=True)
        for trait in TRAITS:
            if re.fullmatch(trait.alias, name, re.IGNORECASE):
                return Facet(trait)
    return None


def strongest(text: str, chance: Chance) -> list[str]:
    """Describe the text in two adjectives, the most marked first."""
    words = [
        trait.high_word if trait.score(text, chance) > NEITHER else trait.low_word
        for trait in marked(text, chance)
    ]
    return [*words, *_UNMARKED][:2]


def marked(text: str, chance: Chance) -> list[Trait]:
    """Return the traits that the text shows, the most marked first."""
    leans = {trait: trait.score(text, chance) - NEITHER for trait in TRAITS}
    return sorted((trait for trait in TRAITS if leans[trait]), key=lambda trait: -abs(leans[trait]))
