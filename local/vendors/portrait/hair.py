"""Hair: what falls behind the head, and what lies over it."""

from local.vendors.portrait.canvas import Canvas
from local.vendors.portrait.colours import Colour, darker, lighter
from local.vendors.portrait.look import Look
from local.vendors.portrait.shapes import Point, Shape, brush, ellipse, points, smooth, whole

_SKULL = "347,470 334,400 346,310 405,236 500,208 595,236 654,310 666,400 653,470"
_SHORT_SKULL = "352,440 340,396 354,312 410,246 500,222 590,246 646,312 660,396 648,440"
_LOW_SKULL = "330,500 330,400 344,310 405,236 500,208 595,236 656,310 670,400 670,500"
_CRESTS = {
    "bob": _LOW_SKULL,
    "crop": _SHORT_SKULL,
    "long": _LOW_SKULL,
    "quiff": "350,440 336,380 340,300 390,214 480,170 590,176 662,250 664,380 650,440",
}
_HAIRLINES = {
    "afro": "640,430 618,366 570,332 500,322 430,332 382,366 360,430",
    "bob": "646,470 640,408 600,386 540,392 470,384 410,396 364,404 354,470",
    "bun": "640,430 622,362 570,318 500,302 430,318 378,362 360,430",
    "crop": "638,420 630,362 590,318 500,306 410,318 370,362 362,420",
    "curly": "640,430 622,378 580,350 530,362 480,344 420,360 378,380 360,430",
    "long": "648,480 632,400 596,340 520,288 500,282 450,330 384,380 352,480",
    "parted": "640,430 626,372 590,330 540,300 500,318 440,352 388,372 362,430",
    "quiff": "640,430 634,370 600,335 540,322 460,322 400,335 366,370 360,430",
}
_FALLS = {
    "bob": "500,214 612,240 672,340 690,480 694,590 668,660 590,640",
    "long": "500,214 610,240 672,330 688,470 704,640 722,800 690,900 600,880",
}
_CURLS = (
    (372, 300, 120),
    (430, 242, 130),
    (505, 215, 140),
    (580, 245, 130),
    (632, 305, 118),
    (352, 372, 92),
    (650, 376, 92),
    (460, 300, 110),
    (545, 300, 110),
)
_CLOUD = (
    (330, 330, 190),
    (385, 225, 210),
    (500, 175, 230),
    (615, 225, 210),
    (670, 330, 190),
    (318, 430, 160),
    (682, 430, 160),
)
_CURL_GLINTS = ((402, 262), (470, 232), (372, 326), (545, 250), (440, 300))


def paint_back_hair(canvas: Canvas, look: Look) -> None:
    if (fall := _FALLS.get(look.hair_style)) is not None:
        canvas.paint(smooth(whole(fall)), darker(look.hair, 0.35))
    if look.hair_style == "bun":
        canvas.paint(ellipse(500, 188, 150, 140), look.hair)
        canvas.tint(brush(points("452,190 490,160 540,172"), 9), lighter(look.hair, 0.25), 0.8)
        canvas.tint(ellipse(500, 240, 130, 36), darker(look.hair, 0.35), 0.6)
    if look.hair_style == "afro":
        for x, y, size in _CLOUD:
            canvas.paint(ellipse(x, y, size, size), look.hair)


def paint_front_hair(canvas: Canvas, look: Look, head: Shape) -> None:
    if look.hair_style == "bald":
        shine = ellipse(446, 306, 96, 50, tilt=-28)
        canvas.tint(shine, lighter(look.skin, 0.6), 0.5, soft=9)
        return
    crest = points(_CRESTS.get(look.hair_style, _SKULL))
    cap = smooth([*crest, *points(_HAIRLINES[look.hair_style])])
    cast = [(x, y + 17) for x, y in cap]
    canvas.tint(cast, darker(look.skin, 0.5), 0.28, within=head, soft=5)
    if look.hair_style == "curly":
        for x, y, size in _CURLS:
            canvas.paint(ellipse(x, y, size, size), look.hair)
    canvas.paint(cap, look.hair)
    canvas.tint(ellipse(690, 330, 190, 420), darker(look.hair, 0.6), 0.35, within=cap, soft=18)
    if look.hair_style in {"curly", "afro"}:
        _paint_curl_glints(canvas, look.hair)
    else:
        _paint_glint(canvas, look.hair, cap, rise=46 if look.hair_style == "quiff" else 0)


def _paint_glint(canvas: Canvas, hair: Colour, cap: Shape, *, rise: float) -> None:
    glint = lighter(hair, 0.4)
    for strand, width in (("368,352 396,286 462,246", 15), ("404,352 424,308 472,278", 8)):
        lifted: list[Point] = [(x, y - rise) for x, y in points(strand)]
        canvas.tint(brush(lifted, width, tip=0.1), glint, 0.5, within=cap, soft=2)


def _paint_curl_glints(canvas: Canvas, hair: Colour) -> None:
    for x, y in _CURL_GLINTS:
        curl: list[Point] = [(x - 22, y + 12), (x, y - 6), (x + 24, y + 4)]
        canvas.tint(brush(curl, 8), lighter(hair, 0.32), 0.55)
