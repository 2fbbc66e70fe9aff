"""A sitter made of metal."""

from local.vendors.portrait.canvas import Canvas
from local.vendors.portrait.colours import WHITE, Palette, colour, darker, lighter, mix
from local.vendors.portrait.look import Look
from local.vendors.portrait.shapes import brush, ellipse, points, rounded, smooth, whole

_STEEL = colour("#cfd8de")
_RUBBER = colour("#5d6a7c")
_GLASS = colour("#1d2640")
_LINE = colour("#33405c")
_TORSO = smooth(whole("500,742 600,748 720,784 800,860 826,1000 830,1100 500,1100"))
_SMILES = {"smile": 20, "grin": 28, "calm": 8, "stern": -12}


def paint_robot(canvas: Canvas, look: Look, palette: Palette) -> None:
    _paint_body(canvas, palette)
    _paint_head(canvas, palette)
    _paint_eyes(canvas, palette)
    curve = 572 + _SMILES[look.mouth]
    canvas.paint(brush([(446, 572), (500, curve), (554, 572)], 13, tip=0.8), _LINE)
    for x in (398, 602):
        canvas.tint(ellipse(x, 566, 56, 34), palette.accent, 0.45, soft=8)


def _paint_body(canvas: Canvas, palette: Palette) -> None:
    for index in range(4):
        ring = (430 - index * 5, 630 + index * 30, 570 + index * 5, 656 + index * 30)
        canvas.paint(rounded(ring, 12), mix(_RUBBER, palette.cloth, 0.3))
    canvas.paint(_TORSO, palette.cloth)
    shade = darker(palette.cloth, 0.7)
    canvas.tint(ellipse(800, 960, 380, 560), shade, 0.4, within=_TORSO, soft=36)
    canvas.tint(ellipse(270, 840, 220, 110, tilt=-24), WHITE, 0.25, within=_TORSO, soft=22)
    canvas.paint(rounded((418, 836, 582, 960), 26), darker(palette.cloth, 0.35))
    for x, fill in ((456, palette.accent), (500, palette.glow), (544, palette.accent)):
        canvas.paint(ellipse(x, 878, 28, 28), fill)
    canvas.paint(rounded((446, 914, 554, 932), 8), mix(palette.cloth, palette.glow, 0.5))


def _paint_head(canvas: Canvas, palette: Palette) -> None:
    steel = mix(_STEEL, palette.accent, 0.12)
    canvas.paint(brush(points("500,250 500,200 500,170"), 14, tip=1), darker(steel, 0.4))
    canvas.tint(ellipse(500, 152, 100, 100), palette.accent, 0.35, soft=14)
    canvas.paint(ellipse(500, 152, 50, 50), palette.accent)
    canvas.tint(ellipse(490, 142, 14, 14), WHITE, 0.9)
    for x in (312, 688):
        canvas.paint(rounded((x - 34, 400, x + 34, 520), 26), darker(steel, 0.35))
        canvas.paint(ellipse(x, 460, 36, 36), palette.accent)
    head = rounded((326, 240, 674, 640), 120)
    canvas.paint(head, steel)
    canvas.tint(ellipse(700, 460, 250, 560), darker(steel, 0.6), 0.35, within=head, soft=26)
    canvas.tint(ellipse(420, 300, 190, 70, tilt=-12), WHITE, 0.55, within=head, soft=14)


def _paint_eyes(canvas: Canvas, palette: Palette) -> None:
    visor = rounded((364, 376, 636, 530), 66)
    glow = lighter(palette.glow, 0.2)
    canvas.paint(visor, _GLASS)
    for x in (437, 563):
        canvas.tint(ellipse(x, 452, 110, 110), glow, 0.35, within=visor, soft=12)
        canvas.paint(ellipse(x, 452, 58, 66), glow)
        canvas.paint(ellipse(x - 9, 438, 17, 17), WHITE)
    canvas.tint(points("384,400 470,384 430,520 392,520"), WHITE, 0.07, within=visor)
