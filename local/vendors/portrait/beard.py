"""Beards, moustaches, and a chin that was not shaved today."""

from local.vendors.portrait.canvas import Canvas
from local.vendors.portrait.colours import INK, Colour, colour, darker, lighter, mix
from local.vendors.portrait.look import Look
from local.vendors.portrait.shapes import Shape, brush, ellipse, points, smooth, whole

_LIP = colour("#b5404a")
_BEARD = whole("500,548 545,548 592,536 640,470 653,500 640,576 604,652 554,700 500,712")
_STUBBLE = whole("500,548 545,548 592,536 640,480 653,500 638,570 600,630 550,662 500,672")
_MOUSTACHE = whole("500,550 530,545 566,562 584,578 548,578 500,568")
_STRANDS = ("420,600 428,640 442,676", "448,600 456,640 470,676", "476,604 484,644 498,680")


def paint_facial_hair(canvas: Canvas, look: Look, head: Shape) -> None:
    fill = mix(look.hair, INK, 0.12)
    if look.facial_hair == "stubble":
        canvas.tint(smooth(_STUBBLE), fill, 0.22, within=head, soft=8)
    if look.facial_hair == "beard":
        _paint_beard(canvas, fill)
    if look.facial_hair in {"beard", "moustache"}:
        canvas.paint(smooth(_MOUSTACHE), lighter(fill, 0.08))


def _paint_beard(canvas: Canvas, fill: Colour) -> None:
    outline = smooth(_BEARD)
    canvas.paint(outline, fill)
    canvas.tint(ellipse(690, 600, 230, 320), darker(fill, 0.5), 0.35, within=outline, soft=18)
    for strand in _STRANDS:
        stroke = brush(points(strand), 6, tip=0.1)
        canvas.tint(stroke, lighter(fill, 0.3), 0.5, within=outline)
    canvas.paint(ellipse(500, 586, 78, 30), mix(fill, _LIP, 0.35))
