"""A personality questionnaire, answered as whoever the instructions describe would answer it."""

import re
from collections.abc import Mapping

from local.vendors.writing.reading import Reading
from local.vendors.writing.traits import NEITHER, Trait, facet_named

MISSES_LOW_POLES, CONTRARY = "misses_low_poles", "contrary"

_STRENGTHS = {"extremely": 0.46, "very": 0.36, "a bit": 0.12, "neither": 0.0, "nor": 0.0}
_UNQUALIFIED = 0.24
_HESITATION = 0.45
"""How far an answer strays, on the scale of 1 to 5, before it is rounded."""

# What agreeing with a statement says: which trait, and which of its ends.
_STATEMENTS: Mapping[str, str] = {
    r"life of the party|talk to a lot": "+extraversion",
    r"don't talk|in the background": "-extraversion",
    r"sympathi|feel others": "+agreeableness",
    r"not interested in other people|not really interested": "-agreeableness",
    r"right away|like order": "+conscientiousness",
    r"forget to put|make a mess": "-conscientiousness",
    r"relaxed|seldom feel blue": "+stability",
    r"mood swings|upset": "-stability",
    r"vivid imagination": "+openness",
    r"abstract ideas|do not have a good imagination": "-openness",
}


def answer_statements(reading: Reading, manner: str | None) -> dict[str, int]:
    """Answer each numbered statement from 1 to 5, in the manner of a fault if there is one."""
    levels = _levels(reading.instructions, manner)
    answers = {}
    for number, statement in reading.statements.items():
        sign, name = _meaning(statement)
        level = levels.get(name, NEITHER)
        agreed = level if sign == "+" else 1 - level
        strayed = reading.chance.between(f"answer {number}", -_HESITATION, _HESITATION)
        answers[number] = min(max(round(1 + 4 * agreed + strayed), 1), 5)
    return answers


def _levels(instructions: str, manner: str | None) -> dict[str, float]:
    levels = {}
    for name, line in re.findall(r"^- ([^:\n]+): (.+)$", instructions, re.MULTILINE):
        if facet := facet_named(name.casefold().split()):
            level = _level(facet.trait, line)
            if manner == MISSES_LOW_POLES and level < NEITHER and "hardly ever" not in line:
                level = NEITHER
            levels[facet.trait.name] = 1 - level if manner == CONTRARY else level
    return levels


def _level(trait: Trait, line: str) -> float:
    """Weigh the line's adjectives by their qualifiers. What somebody hardly ever is says no more
    than that the rest is meant."""
    said = line.partition("hardly ever")[0]
    weights = []
    for place, sign in trait.hits(said):
        before = said[:place].rstrip()
        stated = [word for word in _STRENGTHS if before.endswith(word)]
        weights.append(sign * (_STRENGTHS[stated[0]] if stated else _UNQUALIFIED))
    return NEITHER + sum(weights) / len(weights) if weights else NEITHER


def _meaning(statement: str) -> tuple[str, str]:
    for pattern, meaning in _STATEMENTS.items():
        if re.search(pattern, statement, re.IGNORECASE):
            return meaning[0], meaning[1:]
    return "+", ""
