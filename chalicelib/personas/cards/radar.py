"""The five traits as a web: one shape for each profile, within the margin that it has."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chalicelib.personas.cards import drawing
from chalicelib.personas.cards.drawing import INK, QUIET
from chalicelib.personas.cards.lettering import SANS, SANS_STRONG, Block

LABELS = {
    "openness": "Openness",
    "conscientiousness": "Conscientiousness",
    "extraversion": "Extraversion",
    "agreeableness": "Agreeableness",
    "emotional_stability": "Emotional stability",
}
TRAITS = tuple(LABELS)
AROUND = 24
"""How far outside the web its labels stand."""

Score = tuple[float, float]
"""A level on 0..1, and how far off it may be."""


@dataclass(frozen=True)
class Radar:
    centre: tuple[float, float]
    radius: float

    def web(self) -> Iterator[str]:
        for share in (0.25, 0.5, 0.75, 1.0):
            ring = self._polygon([share] * len(TRAITS))
            yield f'<path d="{ring}" fill="none" stroke="{INK}" stroke-opacity="0.16"/>'
        for place in range(len(TRAITS)):
            (x, y), (end_x, end_y) = self.centre, self.point(place, 1)
            spoke = f"M{x} {y}L{end_x:.1f} {end_y:.1f}"
            yield f'<path d="{spoke}" stroke="{INK}" stroke-opacity="0.16"/>'

    def shape(self, scores: Sequence[Score], *, colour: str, dashes: str = "") -> Iterator[str]:
        most = self._polygon([min(value + se, 1) for value, se in scores])
        least = self._polygon([max(value - se, 0) for value, se in scores])
        yield f'<path d="{most}{least}" fill="{colour}" fill-opacity="0.36" fill-rule="evenodd"/>'
        outline = self._polygon([value for value, _ in scores])
        line = f'stroke="{colour}" stroke-width="4" stroke-linejoin="round"{dashes}'
        yield f'<path d="{outline}" fill="{colour}" fill-opacity="0.14" {line}/>'

    def dots(self, scores: Sequence[Score], *, colour: str) -> Iterator[str]:
        for place, (value, _) in enumerate(scores):
            x, y = self.point(place, value)
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{colour}"/>'

    def squares(self, scores: Sequence[Score], *, colour: str) -> Iterator[str]:
        for place, (value, _) in enumerate(scores):
            x, y = self.point(place, value)
            yield f'<rect x="{x - 6:.1f}" y="{y - 6:.1f}" width="12" height="12" fill="{colour}"/>'

    def label(self, place: int, name: str, score: str) -> Iterator[str]:
        x, y = self.point(place, 1 + AROUND / self.radius)
        side = round(math.cos(_angle(place)), 1)
        anchor = "middle" if side == 0 else "start" if side > 0 else "end"
        top = y - 26 if side == 0 else y - 6
        named, told = Block((name,), 23, SANS), Block((score,), 26, SANS_STRONG)
        yield from drawing.text(named, at=(x, top), fill=QUIET, anchor=anchor)
        yield from drawing.text(told, at=(x, top + 29), fill=INK, anchor=anchor)

    def point(self, place: int, share: float) -> tuple[float, float]:
        (x, y), angle = self.centre, _angle(place)
        return (
            x + self.radius * share * math.cos(angle),
            y + self.radius * share * math.sin(angle),
        )

    def _polygon(self, shares: Sequence[float]) -> str:
        points = (self.point(place, share) for place, share in enumerate(shares))
        return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z"


def _angle(place: int) -> float:
    return math.tau * place / len(TRAITS) - math.tau / 4
