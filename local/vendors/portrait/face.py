"""The head and what is on it: features, age, light."""

from itertools import chain

from local.vendors.portrait.canvas import Canvas
from local.vendors.portrait.colours import INK, WHITE, Colour, colour, darker, lighter, mix
from local.vendors.portrait.look import Look
from local.vendors.portrait.shapes import (
    MIDDLE,
    Point,
    Shape,
    both_sides,
    brush,
    ellipse,
    points,
    rounded,
    smooth,
    whole,
)

_GOLD = colour("#e7b84b")
_LIP = colour("#b5404a")
_BLUSH = colour("#e2604f")
_MOUTH = colour("#6d2233")
_TONGUE = colour("#d96a6a")
_CHEEKBONE = 500
_HEAD = whole("500,246 574,258 632,314 650,400 647,474 634,540 600,602 550,640 500,648")
_EYE_Y = 462
_FRECKLES = "560,522 582,534 602,520 576,512"
_FOLDS = (
    "544,530 568,556 572,590",
    "540,492 562,499 586,491",
    "612,452 624,446 634,442",
    "612,466 626,468 636,470",
)
_FROWNS = ("440,356 500,349 560,356", "440,378 500,371 560,378")
_SMILES = {"smile": 13, "calm": 4, "stern": -5}


def head_outline(look: Look) -> Shape:
    return smooth(
        [(MIDDLE + (x - MIDDLE) * (look.jaw if y > _CHEEKBONE else 1), y) for x, y in _HEAD]
    )


def paint_head(canvas: Canvas, look: Look, head: Shape) -> None:
    for x in (350, 650):
        canvas.paint(ellipse(x, 474, 52, 84), look.skin)
        canvas.tint(ellipse(x, 476, 26, 50), darker(look.skin, 0.22), 0.7)
    canvas.paint(head, look.skin)
    canvas.tint(ellipse(700, 500, 270, 620), darker(look.skin, 0.55), 0.3, within=head, soft=22)
    canvas.tint(ellipse(420, 390, 190, 150), lighter(look.skin, 0.6), 0.35, within=head, soft=30)
    if look.has_earrings:
        for x in (346, 654):
            canvas.paint(ellipse(x, 528, 22, 26), _GOLD)
            canvas.tint(ellipse(x - 4, 523, 7, 7), WHITE, 0.9)


def paint_features(canvas: Canvas, look: Look, head: Shape) -> None:
    for x in (412, 588):
        canvas.tint(ellipse(x, 545, 84, 56), _BLUSH, 0.26, within=head, soft=12)
    if look.has_freckles:
        for freckle in chain(*both_sides(_FRECKLES)):
            canvas.tint(ellipse(*freckle, 7, 6), darker(look.skin, 0.45), 0.5)
    if look.is_old:
        _paint_years(canvas, darker(look.skin, 0.4))
    for side in (-1, 1):
        _paint_eye(canvas, look, side)
        _paint_brow(canvas, look, side)
    _paint_nose(canvas, look.skin)
    lip = mix(look.skin, _LIP, 0.55)
    if look.mouth == "grin":
        _paint_grin(canvas, lip)
    else:
        _paint_lips(canvas, lip, _SMILES[look.mouth])


def _paint_years(canvas: Canvas, fold: Colour) -> None:
    for line in _FOLDS:
        for half in both_sides(line):
            canvas.tint(brush(half, 6, tip=0.1), fold, 0.6)
    for line in _FROWNS:
        canvas.tint(brush(points(line), 5, tip=0.1), fold, 0.4)


def _paint_eye(canvas: Canvas, look: Look, side: int) -> None:
    x, y = MIDDLE + side * 63, _EYE_Y

    def around(offsets: str) -> Shape:
        return [(x + side * dx, y + dy) for dx, dy in points(offsets)]

    almond = smooth(around("-31,5 -12,-15 12,-16 32,-2 13,14 -12,14"))
    canvas.tint(ellipse(x, y - 10, 86, 44), darker(look.skin, 0.35), 0.25, soft=8)
    canvas.paint(almond, WHITE)
    canvas.tint(ellipse(x, y - 2, 33, 35), look.eyes, within=almond)
    canvas.tint(ellipse(x, y - 14, 60, 18), INK, 0.28, within=almond)
    canvas.tint(ellipse(x, y - 2, 17, 18), INK, within=almond)
    canvas.paint(ellipse(x - 6, y - 9, 9, 9), WHITE)
    canvas.paint(brush(around("-33,6 -13,-15 13,-18 37,-6"), 10, tip=0.25), INK)


def _paint_brow(canvas: Canvas, look: Look, side: int) -> None:
    fill = mix(look.hair, INK, 0.1 if look.is_old else 0.45)
    frown = 12 if look.mouth == "stern" else 0
    x = MIDDLE + side * 63
    arc: list[Point] = [
        (x - side * 38, 418 + frown),
        (x, 402 + frown / 3),
        (x + side * 42, 414 - frown / 2),
    ]
    canvas.paint(brush(arc, 15, tip=0.25), fill)


def _paint_nose(canvas: Canvas, skin: Colour) -> None:
    shade = darker(skin, 0.45)
    canvas.tint(ellipse(516, 508, 34, 70), shade, 0.2, soft=7)
    canvas.tint(brush(points("482,530 500,539 520,529"), 8), shade, 0.75)
    canvas.tint(ellipse(494, 508, 16, 30), lighter(skin, 0.6), 0.4, soft=4)


def _paint_grin(canvas: Canvas, lip: Colour) -> None:
    opening = smooth(points("446,572 500,580 554,572 538,602 500,613 462,602"))
    canvas.paint(opening, _MOUTH)
    canvas.tint(rounded((458, 566, 542, 589), 8), WHITE, within=opening)
    canvas.tint(ellipse(500, 612, 56, 24), _TONGUE, within=opening)
    line = brush(points("440,568 470,576 500,579 530,576 560,568"), 7)
    canvas.paint(line, mix(lip, INK, 0.6))


def _paint_lips(canvas: Canvas, lip: Colour, curve: float) -> None:
    canvas.tint(ellipse(500, 588 + curve / 2, 62, 25), lip, 0.75)
    corner, bow = 576 - curve / 2, 566 + curve / 2
    upper: list[Point] = [
        (456, corner),
        (485, bow),
        (500, bow + 4),
        (515, bow),
        (544, corner),
        (500, 585 + curve),
    ]
    canvas.paint(smooth(upper), darker(lip, 0.12))
    line: list[Point] = [(450, 577 - curve), (500, 579 + curve), (550, 577 - curve)]
    canvas.paint(brush(line, 8, tip=0.35), mix(lip, INK, 0.6))
    canvas.tint(ellipse(498, 596 + curve, 26, 7), lighter(lip, 0.5), 0.45)
