"""Scenery that people have built."""

from collections.abc import Iterator
from itertools import pairwise

from local.vendors.chance import Chance
from local.vendors.portrait.backdrop import paint_sun
from local.vendors.portrait.canvas import Canvas
from local.vendors.portrait.colours import Colour, Palette, darker, lighter, mix
from local.vendors.portrait.shapes import MIDDLE, Point, brush, ellipse, rounded

_SHELF_HEIGHT = 215
_WINDOWS = 12


def paint_library(canvas: Canvas, chance: Chance, palette: Palette) -> None:
    edges = canvas.edges
    shelf = edges.bottom - 85
    while shelf > edges.top:
        _paint_books(canvas, chance, palette, shelf)
        plank = rounded((edges.left - 20, shelf, edges.right + 20, shelf + 22), 2)
        canvas.paint(plank, darker(palette.top, 0.35))
        shelf -= _SHELF_HEIGHT
    canvas.tint(ellipse(MIDDLE, 470, 860, 900), palette.glow, 0.8, soft=80)


def _paint_books(canvas: Canvas, chance: Chance, palette: Palette, shelf: float) -> None:
    spines = (palette.cloth, palette.accent, palette.bottom, darker(palette.bottom, 0.3))
    for index, (left, right) in enumerate(_row(canvas, chance, f"books {shelf}", 26, 58)):
        top = shelf - chance.between(f"book {shelf} {index}", 120, 178)
        fill = darker(chance.pick(f"spine {shelf} {index}", spines), 0.18)
        canvas.paint(rounded((left, top, right - 3, shelf), 5), fill)
        canvas.paint(rounded((left + 5, top + 22, right - 8, top + 32), 2), lighter(fill, 0.3))


def _row(
    canvas: Canvas, chance: Chance, name: str, narrow: float, wide: float
) -> Iterator[tuple[float, float]]:
    """Fill the width of the picture with neighbours of different widths."""
    left = canvas.edges.left - chance.between(f"{name} start", 0, narrow)
    while left < canvas.edges.right:
        right = left + chance.between(f"{name} {left:.0f}", narrow, wide)
        yield left, right
        left = right


def paint_city(canvas: Canvas, chance: Chance, palette: Palette) -> None:
    paint_sun(canvas, palette, y=420, size=640)
    for layer in range(2):
        fill = mix(palette.bottom, darker(palette.bottom, 0.6), 0.35 + layer * 0.45)
        for left, right in _row(canvas, chance, f"houses {layer}", 86, 156):
            roof = chance.between(f"roof {layer} {left:.0f}", 420, 610) + layer * 120
            canvas.paint(rounded((left, roof, right - 6, 1100), 2), fill)
            for index in range(_WINDOWS):
                if chance.unit(f"window {layer} {left:.0f} {index}") < 0.45:  # noqa: PLR2004
                    x = left + (right - left) * (0.17 + 0.23 * (index % 3))
                    y = roof + 26 + 44 * (index // 3)
                    canvas.tint(rounded((x, y, x + 15, y + 22), 3), palette.glow, 0.75)


def paint_circuit(canvas: Canvas, chance: Chance, palette: Palette) -> None:
    edges = canvas.edges
    line = mix(palette.bottom, palette.glow, 0.2)
    for left, _ in _row(canvas, chance, "traces", 34, 44):
        turn = chance.between(f"turn {left:.0f}", edges.top + 80, edges.bottom - 220)
        aside = left + chance.pick(f"aside {left:.0f}", (-70, 70))
        end = turn + 70 + chance.between(f"end {left:.0f}", 40, 170)
        trace: list[Point] = [(left, edges.top - 5), (left, turn), (aside, turn + 70), (aside, end)]
        _paint_trace(canvas, trace, line)
        canvas.tint(ellipse(aside, end, 18, 18), palette.glow, 0.9)
    canvas.tint(ellipse(MIDDLE, 450, 820, 820), palette.bottom, 0.9, soft=70)
    canvas.tint(ellipse(MIDDLE, 450, 640, 640), mix(palette.bottom, palette.glow, 0.35), 0.75)


def _paint_trace(canvas: Canvas, trace: list[Point], fill: Colour) -> None:
    for start, stop in pairwise(trace):
        canvas.paint(brush([start, stop], 5, tip=1), fill)
