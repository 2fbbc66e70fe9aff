"""What several sceneries are made of."""

from local.vendors.chance import Chance
from local.vendors.portrait.canvas import Canvas
from local.vendors.portrait.colours import Colour, Palette
from local.vendors.portrait.shapes import MIDDLE, Point, ellipse, path


def paint_sun(canvas: Canvas, palette: Palette, *, y: float = 430, size: float = 650) -> None:
    canvas.tint(ellipse(MIDDLE, y, size * 1.25, size * 1.25), palette.glow, 0.35, soft=70)
    canvas.tint(ellipse(MIDDLE, y, size, size), palette.glow, 0.85)


def paint_ridge(
    canvas: Canvas, chance: Chance, fill: Colour, *, height: float, swing: float
) -> None:
    edges = canvas.edges
    step = (edges.right - edges.left) / 6
    crest: list[Point] = []
    for index in range(-1, 8):
        rise = chance.between(f"ridge {height} {index}", -swing, swing)
        crest.append((edges.left + index * step, height + rise))
    fill_below(canvas, crest, fill)


def fill_below(canvas: Canvas, crest: list[Point], fill: Colour) -> None:
    floor = canvas.edges.bottom + 10
    canvas.paint([*path(crest), (crest[-1][0], floor), (crest[0][0], floor)], fill)
