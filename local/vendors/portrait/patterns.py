"""Scenery for a prompt that names no place."""

from local.vendors.chance import Chance
from local.vendors.portrait.backdrop import paint_sun
from local.vendors.portrait.canvas import Canvas
from local.vendors.portrait.colours import Palette, darker, lighter, mix
from local.vendors.portrait.shapes import MIDDLE, ellipse


def paint_arches(canvas: Canvas, chance: Chance, palette: Palette) -> None:
    floor = canvas.edges.bottom + 10
    stripes = (palette.bottom, palette.glow, mix(palette.bottom, palette.cloth, 0.25), palette.glow)
    for index, fill in enumerate(stripes):
        reach = 430 - index * 62
        arch = ellipse(MIDDLE, 470, reach * 2, reach * 2)[36:]
        canvas.paint([*arch, (MIDDLE + reach, floor), (MIDDLE - reach, floor)], fill)
    canvas.tint(ellipse(chance.pick("sun", (110, 890)), 150, 120, 120), palette.accent, 0.9)


def paint_bubbles(canvas: Canvas, chance: Chance, palette: Palette) -> None:
    edges = canvas.edges
    for index in range(16):
        x = chance.between(f"bubble across {index}", edges.left, edges.right)
        y = chance.between(f"bubble down {index}", edges.top, edges.bottom)
        size = chance.between(f"bubble size {index}", 60, 260)
        fill = chance.pick(f"bubble {index}", (palette.glow, palette.accent, palette.bottom))
        canvas.tint(ellipse(x, y, size, size), fill, 0.4)
    paint_sun(canvas, palette)


def paint_leaves(canvas: Canvas, chance: Chance, palette: Palette) -> None:
    paint_sun(canvas, palette)
    for index in range(14):
        side = -1 if index % 2 else 1
        x = MIDDLE + side * chance.between(f"leaf across {index}", 350, 520)
        y = 90 + index * 66
        tilt = side * chance.between(f"leaf tilt {index}", 20, 60)
        shade = chance.between(f"leaf shade {index}", 0.05, 0.4)
        fill = mix(darker(palette.bottom, shade), palette.cloth, shade)
        canvas.paint(ellipse(x, y, 84, 220, tilt=tilt), fill)
        canvas.paint(ellipse(x, y, 5, 190, tilt=tilt), lighter(fill, 0.4))


def paint_rays(canvas: Canvas, chance: Chance, palette: Palette) -> None:
    centre = (MIDDLE, 430.0)
    rim = ellipse(*centre, 3200, 3200, tilt=chance.between("turn", 0, 20))
    for index in range(0, len(rim), 4):
        canvas.tint([centre, rim[index], rim[index + 2]], palette.glow, 0.3)
    paint_sun(canvas, palette, size=620)
