"""Scenery under the open sky."""

from local.vendors.chance import Chance
from local.vendors.portrait.backdrop import fill_below, paint_ridge, paint_sun
from local.vendors.portrait.canvas import Canvas
from local.vendors.portrait.colours import WHITE, Colour, Palette, darker, lighter, mix
from local.vendors.portrait.shapes import MIDDLE, Point, brush, ellipse

_CRATERS = ((-30, -28, 40), (28, 14, 54), (-24, 36, 24), (34, -40, 18))


def paint_sea(canvas: Canvas, chance: Chance, palette: Palette) -> None:
    paint_sun(canvas, palette, y=440, size=620)
    edges = canvas.edges
    shallow, deep = mix(palette.bottom, palette.top, 0.5), mix(palette.cloth, palette.top, 0.35)
    waves = int((edges.right - edges.left) / 65) + 8
    for layer in range(4):
        start = edges.left - 260 + chance.between(f"wave {layer}", 0, 130)
        y = 600 + layer * 95
        crest: list[Point] = [
            (start + index * 65, y + (16 if index % 2 else -16)) for index in range(waves)
        ]
        fill_below(canvas, crest, mix(shallow, deep, 0.3 + layer * 0.2))
    for index in range(3):
        x = chance.between(f"gull {index}", 90, 250) + (640 if index == 1 else 0)
        _paint_gull(canvas, x, chance.between(f"gull height {index}", 120, 300), palette.cloth)


def _paint_gull(canvas: Canvas, x: float, y: float, fill: Colour) -> None:
    for side in (-1, 1):
        wing = [(x, y), (x + side * 20, y - 16), (x + side * 44, y - 8)]
        canvas.tint(brush(wing, 7), fill, 0.7)


def paint_night(canvas: Canvas, chance: Chance, palette: Palette) -> None:
    edges = canvas.edges
    for index in range(70):
        x = chance.between(f"star across {index}", edges.left, edges.right)
        y = chance.between(f"star down {index}", edges.top, 760)
        size = chance.between(f"star size {index}", 3, 9)
        canvas.tint(ellipse(x, y, size, size), lighter(palette.glow, 0.4), 0.85)
    x = chance.pick("moon", (190, 800))
    canvas.tint(ellipse(x, 210, 330, 330), palette.glow, 0.22, soft=40)
    canvas.paint(ellipse(x, 210, 170, 170), palette.glow)
    for dx, dy, size in _CRATERS:
        canvas.paint(ellipse(x + dx, 210 + dy, size, size), darker(palette.glow, 0.12))
    canvas.tint(ellipse(MIDDLE, 470, 760, 760), palette.bottom, 0.55, soft=70)
    hill = mix(palette.top, palette.bottom, 0.35)
    paint_ridge(canvas, chance, hill, height=830, swing=45)


def paint_forest(canvas: Canvas, chance: Chance, palette: Palette) -> None:
    paint_sun(canvas, palette, y=400, size=640)
    edges = canvas.edges
    for layer in range(3):
        fill = mix(palette.bottom, darker(palette.bottom, 0.55), 0.2 + layer * 0.3)
        base = 690 + layer * 90
        paint_ridge(canvas, chance, fill, height=base, swing=25)
        clearing = 240 - layer * 60
        for index in range(9):
            place = (index + chance.unit(f"tree {layer} {index}")) / 9
            x = edges.left + (edges.right - edges.left) * place
            tall = chance.between(f"tall {layer} {index}", 190, 300) * (1 - layer * 0.12)
            if abs(x - MIDDLE) > clearing:
                _paint_fir(canvas, (x, base + 40), tall, fill)


def _paint_fir(canvas: Canvas, foot: Point, tall: float, fill: Colour) -> None:
    x, base = foot
    for tier in range(3):
        y, wide = base - tall * tier * 0.27, tall * (0.27 - tier * 0.06)
        canvas.paint([(x, y - tall * 0.48), (x + wide, y), (x - wide, y)], fill)


def paint_mountains(canvas: Canvas, chance: Chance, palette: Palette) -> None:
    paint_sun(canvas, palette, y=400, size=600)
    edges = canvas.edges
    rock = mix(mix(palette.top, palette.cloth, 0.45), palette.bottom, 0.25)
    peaks = ((110, 330, 420), (910, 280, 460), (360, 520, 380), (670, 500, 400))
    for index, (place, height, wide) in enumerate(peaks):
        x = edges.left + (edges.right - edges.left) * place / 1000
        y = height + chance.between(f"peak {index}", -40, 40)
        _paint_peak(canvas, (x, y), wide, rock)
    meadow = mix(palette.bottom, palette.cloth, 0.35)
    paint_ridge(canvas, chance, meadow, height=830, swing=30)


def _paint_peak(canvas: Canvas, top: Point, wide: float, rock: Colour) -> None:
    (x, y), floor = top, canvas.edges.bottom
    canvas.paint([top, (x + wide, floor), (x - wide, floor)], rock)
    canvas.paint([top, (x + wide, floor), (x + wide * 0.1, floor)], darker(rock, 0.2))
    slope = (floor - y) / wide
    snow = [(72, 72 * slope), (28, 98), (2, 134), (-34, 100), (-72, 72 * slope)]
    canvas.paint([top, *((x + dx, y + dy) for dx, dy in snow)], WHITE)


def paint_sunset(canvas: Canvas, chance: Chance, palette: Palette) -> None:
    paint_sun(canvas, palette, size=690)
    for layer in range(3):
        dune = mix(palette.bottom, palette.cloth, 0.2 + layer * 0.22)
        paint_ridge(canvas, chance, dune, height=690 + layer * 90, swing=40)
    for index in range(3):
        x, y = chance.between(f"cloud {index}", 60, 940), 130 + index * 95
        for dx, dy in ((-58, 0), (0, -14), (58, 0)):
            canvas.tint(ellipse(x + dx, y + dy, 150, 30), lighter(palette.top, 0.45), 0.55)


def paint_hills(canvas: Canvas, chance: Chance, palette: Palette) -> None:
    paint_sun(canvas, palette, y=400, size=640)
    for layer in range(4):
        fill = mix(palette.bottom, palette.cloth, 0.1 + 0.15 * layer)
        paint_ridge(canvas, chance, fill, height=600 + layer * 85, swing=50)
