"""Spectacles and hats."""

from collections.abc import Callable

from local.vendors.portrait.canvas import Canvas
from local.vendors.portrait.colours import INK, WHITE, Colour, Palette, colour, darker, lighter, mix
from local.vendors.portrait.look import Look
from local.vendors.portrait.shapes import Shape, both_sides, brush, ellipse, points, rounded, smooth

Hatter = Callable[[Canvas, Palette], None]

_GOLD = colour("#e3b34c")
_NAVY = colour("#233454")
_SMOKE = colour("#26303f")
_VELVET = colour("#462878")
_SPANGLES = ((440, 250, 20), (520, 180, 16), (560, 270, 18), (490, 110, 12))


def paint_glasses(canvas: Canvas, look: Look) -> None:
    if not look.glasses:
        return
    for x in (437, 563):
        rim, lens = _round_lens(x) if look.glasses == "round" else _square_lens(x)
        if look.glasses == "dark":
            canvas.paint(rim, INK)
            canvas.tint(lens, _SMOKE, 0.9)
        canvas.paint([*rim, rim[0], lens[0], *reversed(lens)], INK)
        gleam = [(x - 40, 492), (x - 4, 432), (x + 14, 432), (x - 22, 496)]
        canvas.tint(gleam, WHITE, 0.16, within=lens)
    canvas.paint(brush(points("490,456 500,450 510,456"), 9, tip=0.9), INK)
    for temple in both_sides("616,456 634,452 652,456"):
        canvas.paint(brush(temple, 8, tip=0.9), INK)


def _round_lens(x: float) -> tuple[Shape, Shape]:
    return ellipse(x, 466, 106, 104), ellipse(x, 466, 92, 90)


def _square_lens(x: float) -> tuple[Shape, Shape]:
    return rounded((x - 56, 424, x + 56, 506), 20), rounded((x - 49, 431, x + 49, 499), 15)


def paint_hat(canvas: Canvas, look: Look, palette: Palette) -> None:
    if look.hat:
        _HATTERS[look.hat](canvas, palette)


def _paint_dome(canvas: Canvas, outline: str, fill: Colour) -> Shape:
    dome = smooth(points(outline))
    canvas.paint(dome, fill)
    canvas.tint(ellipse(660, 260, 200, 320), darker(fill, 0.5), 0.3, within=dome, soft=18)
    return dome


def _make_beanie(canvas: Canvas, palette: Palette) -> None:
    wool = palette.accent
    outline = "322,350 326,256 392,168 500,136 608,168 674,256 678,350 500,322"
    dome = _paint_dome(canvas, outline, wool)
    for index in range(-3, 4):
        x = 500 + index * 46
        rib = brush([(500 + index * 18, 150), (x, 230), (x + index * 3, 330)], 6, tip=0.4)
        canvas.tint(rib, darker(wool, 0.22), 0.5, within=dome)
    fold = points("318,312 500,290 682,312 686,376 500,352 314,376")
    canvas.paint(smooth(fold), lighter(wool, 0.25))
    canvas.paint(ellipse(500, 134, 74, 70), lighter(wool, 0.4))


def _make_cap(canvas: Canvas, palette: Palette) -> None:
    cloth = palette.accent
    _paint_dome(canvas, "322,346 328,244 402,174 500,154 598,174 672,244 678,346 500,322", cloth)
    seam = brush(points("500,158 500,240 500,322"), 5, tip=1)
    canvas.tint(seam, darker(cloth, 0.25), 0.6)
    peak = smooth(points("336,336 500,306 664,336 694,378 500,354 306,378"))
    canvas.paint(peak, darker(cloth, 0.3))
    canvas.paint(ellipse(500, 156, 28, 16), darker(cloth, 0.3))


def _make_brim(canvas: Canvas, palette: Palette) -> None:
    felt = mix(palette.cloth, palette.accent, 0.25)
    outline = "350,336 354,220 414,150 500,166 586,150 646,220 650,336"
    crown = _paint_dome(canvas, outline, felt)
    canvas.tint(points("340,284 660,284 660,340 340,340"), palette.accent, within=crown)
    brim = points("220,344 360,318 500,310 640,318 780,344 640,374 500,380 360,374")
    canvas.paint(smooth(brim), darker(felt, 0.1))
    edge = brush(points("232,344 370,324 500,316 600,320"), 6, tip=0.1)
    canvas.tint(edge, lighter(felt, 0.4), 0.5)


def _make_captain(canvas: Canvas, _palette: Palette) -> None:
    _paint_dome(canvas, "306,250 356,178 500,148 644,178 694,250 650,300 500,286 350,300", WHITE)
    band = points("326,284 500,262 674,284 678,342 500,322 322,342")
    canvas.paint(smooth(band), _NAVY)
    peak = points("330,334 500,314 670,334 688,374 500,354 312,374")
    canvas.paint(smooth(peak), darker(_NAVY, 0.3))
    canvas.paint(brush(points("332,334 500,315 668,334"), 9, tip=0.7), _GOLD)
    canvas.paint(ellipse(500, 256, 62, 62), _NAVY)
    for stroke in ("500,234 500,256 500,278", "480,264 500,281 520,264", "486,244 500,244 514,244"):
        canvas.paint(brush(points(stroke), 8, tip=0.8), _GOLD)


def _make_crown(canvas: Canvas, palette: Palette) -> None:
    points_of_gold = "344,330 326,170 412,248 500,140 588,248 674,170 656,330 500,312"
    canvas.paint(points(points_of_gold), _GOLD)
    canvas.paint(points("344,330 340,296 500,276 660,296 656,330 500,312"), darker(_GOLD, 0.22))
    for x, y in points("326,168 500,138 674,168"):
        canvas.paint(ellipse(x, y, 34, 34), lighter(_GOLD, 0.35))
    for x, y in points("420,302 500,294 580,302"):
        canvas.paint(ellipse(x, y, 26, 22), palette.cloth)
        canvas.tint(ellipse(x - 4, y - 4, 8, 7), WHITE, 0.8)


def _make_wizard(canvas: Canvas, palette: Palette) -> None:
    felt = mix(palette.cloth, _VELVET, 0.45)
    cone = _paint_dome(canvas, "338,340 414,200 466,92 566,24 542,98 594,200 662,340", felt)
    for x, y, size in _SPANGLES:
        canvas.paint(ellipse(x, y, size, size), lighter(palette.glow, 0.3))
    canvas.tint(points("330,290 670,290 670,344 330,344"), palette.accent, within=cone)
    brim = points("220,356 360,322 500,314 640,322 780,356 640,378 500,382 360,378")
    canvas.paint(smooth(brim), darker(felt, 0.15))


_HATTERS: dict[str, Hatter] = {
    "beanie": _make_beanie,
    "brim": _make_brim,
    "cap": _make_cap,
    "captain": _make_captain,
    "crown": _make_crown,
    "wizard": _make_wizard,
}
