"""What the sitter wears below the chin."""

from collections.abc import Callable

from local.vendors.portrait.canvas import Canvas
from local.vendors.portrait.colours import Colour, Palette, darker, lighter, mix
from local.vendors.portrait.look import Look
from local.vendors.portrait.shapes import both_sides, brush, ellipse, points, smooth, whole

Tailor = Callable[[Canvas, Colour, Colour], None]

_LINEN: Colour = (255, 255, 255)
_TORSO = smooth(whole("500,716 560,722 600,748 690,780 780,818 840,890 870,1010 880,1100 500,1100"))
_NECK = smooth(points("432,560 568,560 566,680 584,730 548,772 500,786 452,772 416,730 434,680"))
_STRIPES = 7


def paint_torso(canvas: Canvas, look: Look, palette: Palette) -> None:
    cloth = palette.cloth
    canvas.paint(_TORSO, cloth)
    if look.garment == "stripes":
        for row in range(_STRIPES):
            stripe = [(x, y + row * 50) for x, y in points("100,794 500,752 900,794")]
            canvas.tint(brush(stripe, 24, tip=1), palette.accent, within=_TORSO)
    canvas.tint(ellipse(820, 960, 420, 620), darker(cloth, 0.7), 0.4, within=_TORSO, soft=40)
    shoulder = ellipse(250, 830, 260, 120, tilt=-22)
    canvas.tint(shoulder, lighter(cloth, 0.5), 0.28, within=_TORSO, soft=26)
    for seam in both_sides("705,900 715,960 705,1040"):
        canvas.tint(brush(seam, 9, tip=0.2), darker(cloth, 0.5), 0.6)


def paint_neck(canvas: Canvas, look: Look) -> None:
    canvas.paint(_NECK, look.skin)
    canvas.tint(ellipse(512, 642, 200, 116), darker(look.skin, 0.6), 0.42, within=_NECK, soft=8)


def paint_collar(canvas: Canvas, look: Look, palette: Palette) -> None:
    _TAILORS.get(look.garment, _sew_crew_neck)(canvas, palette.cloth, palette.accent)


def _sew_crew_neck(canvas: Canvas, cloth: Colour, accent: Colour) -> None:
    hem = brush(points("412,724 448,776 500,794 552,776 588,724"), 22, tip=0.9)
    canvas.paint(hem, mix(lighter(cloth, 0.15), accent, 0.15))


def _sew_v_neck(canvas: Canvas, _cloth: Colour, accent: Colour) -> None:
    shirt = mix(accent, _LINEN, 0.6)
    canvas.paint(points("420,750 580,750 500,862"), shirt)
    hem = brush(points("418,736 450,778 500,792 550,778 582,736"), 14, tip=0.9)
    canvas.paint(hem, darker(shirt, 0.12))
    for band in both_sides("588,722 620,734 500,900 500,862"):
        canvas.paint(band, accent)
    canvas.paint(points("500,862 520,880 500,902 480,880"), darker(accent, 0.2))


def _sew_suit(canvas: Canvas, cloth: Colour, accent: Colour) -> None:
    shirt = mix(accent, _LINEN, 0.72)
    canvas.paint(points("424,740 576,740 620,780 500,1010 380,780"), shirt)
    for wing in both_sides("584,712 604,750 562,832 500,772"):
        canvas.paint(wing, shirt)
    for fold in both_sides("503,776 534,806 562,832"):
        canvas.paint(brush(fold, 6, tip=0.6), darker(shirt, 0.3))
    for lapel in both_sides("604,742 668,772 650,868 508,1010"):
        canvas.paint(lapel, lighter(cloth, 0.1))
        canvas.paint(brush(lapel[1:], 5, tip=0.6), darker(cloth, 0.4))
    tie = darker(mix(accent, cloth, 0.15), 0.1)
    canvas.paint(points("482,790 518,790 528,818 500,830 472,818"), tie)
    canvas.paint(points("484,826 516,826 534,1010 466,1010"), darker(tie, 0.12))


def _sew_turtleneck(canvas: Canvas, cloth: Colour, accent: Colour) -> None:
    roll = smooth(points("418,668 500,690 582,668 594,720 590,772 500,804 410,772 406,720"))
    canvas.paint(roll, mix(lighter(cloth, 0.14), accent, 0.08))
    canvas.tint(ellipse(566, 726, 60, 140), darker(cloth, 0.6), 0.35, within=roll, soft=10)
    fold = brush(points("420,684 500,706 580,684"), 6, tip=0.5)
    canvas.tint(fold, darker(cloth, 0.35), 0.6)


def _sew_hoodie(canvas: Canvas, cloth: Colour, accent: Colour) -> None:
    for hood in both_sides("576,672 632,700 650,764 570,830 508,838 560,772"):
        canvas.paint(smooth(hood), lighter(cloth, 0.14))
    for seam in both_sides("560,772 540,806 508,838"):
        canvas.tint(brush(seam, 8, tip=0.5), darker(cloth, 0.45), 0.7)
    for cord in both_sides("534,836 540,890 536,940"):
        canvas.paint(brush(cord, 10, tip=0.9), accent)
    for x in (464, 536):
        canvas.paint(ellipse(x, 942, 14, 24), lighter(accent, 0.4))


def _sew_scarf(canvas: Canvas, cloth: Colour, accent: Colour) -> None:
    tail = smooth(points("540,760 606,750 640,900 628,1010 540,1010 556,900"))
    canvas.paint(tail, darker(accent, 0.12))
    for y in (880, 940, 996):
        band = brush([(548, y), (592, y - 6), (640, y - 12)], 12, tip=0.9)
        canvas.tint(band, mix(accent, cloth, 0.6), within=tail)
    wrap = smooth(points("404,680 500,712 596,680 626,730 600,790 500,822 400,790 374,730"))
    canvas.paint(wrap, accent)
    canvas.tint(ellipse(590, 760, 120, 150), darker(accent, 0.5), 0.3, within=wrap, soft=14)
    for fold in ("384,716 500,756 616,716", "384,750 500,790 616,750"):
        canvas.tint(brush(points(fold), 7), darker(accent, 0.3), 0.6)


_TAILORS: dict[str, Tailor] = {
    "hoodie": _sew_hoodie,
    "scarf": _sew_scarf,
    "suit": _sew_suit,
    "turtleneck": _sew_turtleneck,
    "v-neck": _sew_v_neck,
}
