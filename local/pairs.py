"""The chemistry of three pairs, as it is told and drawn: the worked example, two alike, two far
apart."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chalicelib.analyses.instruments import Trait
from chalicelib.core.models import TraitSource
from chalicelib.social.pairs import picture
from chalicelib.social.pairs.services import Pair, Side, score_of

TRAITS = (
    *(Trait.EXTRAVERSION, Trait.AGREEABLENESS, Trait.CONSCIENTIOUSNESS),
    *(Trait.EMOTIONAL_STABILITY, Trait.OPENNESS),
)
PAIRS: Mapping[str, Sequence[tuple[str, Sequence[float], float]]] = {
    "example": (
        ("Ada", (0.80, 0.70, 0.40, 0.45, 0.85), 0.08),
        ("Grace", (0.35, 0.85, 0.75, 0.70, 0.80), 0.10),
    ),
    "alike": (
        ("Emmy", (0.60, 0.85, 0.70, 0.75, 0.80), 0.07),
        ("Sofia", (0.55, 0.80, 0.75, 0.70, 0.85), 0.07),
    ),
    "apart": (
        ("Diogenes", (0.85, 0.25, 0.20, 0.80, 0.85), 0.12),
        ("Immanuel", (0.25, 0.60, 0.95, 0.40, 0.45), 0.09),
    ),
}


def report(directory: Path) -> str:
    """Draw each pair into the directory, and return what is told of them as a Markdown table."""
    lines = ["| pair | score | margin | percentile | label | points |", "|---|---|---|---|---|---|"]
    for name, people in PAIRS.items():
        pair = Pair(*(_side(*person) for person in people))
        told = score_of(pair)
        a, b = ((side.name, side.traits) for side in (pair.a, pair.b))
        drawn = picture.draw(a, b, told)
        (directory / f"chemistry-{name}.svg").write_text(drawn, encoding="utf-8")
        points = ", ".join(f"{each.trait} {each.points:+.1f}" for each in told.contributions)
        cells = (
            *(f"{pair.a.name} and {pair.b.name}", f"{told.score:.1f}", f"{told.margin:.1f}"),
            *(f"{told.percentile:.1f}", told.label, points),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _side(name: str, levels: Sequence[float], se: float) -> Side:
    each: dict[str, Any] = {
        trait.value: {"estimate": level, "observed": level, "se": se, "quote": None}
        for trait, level in zip(TRAITS, levels, strict=True)
    }
    return Side(name, {"source": TraitSource.PEER, "n": 6, **each})
