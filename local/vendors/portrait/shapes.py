"""Outlines, as points on a square of 1000 by 1000 with the origin at its top left."""

import math
from collections.abc import Iterator, Sequence

Point = tuple[float, float]
Shape = list[Point]

MIDDLE = 500.0

_STEPS = 10
_ELLIPSE_STEPS = 72


def points(text: str) -> Shape:
    """Read points the way SVG writes them: `10,20 30,40`."""
    pairs = (pair.split(",") for pair in text.split())
    return [(float(x), float(y)) for x, y in pairs]


def ellipse(x: float, y: float, width: float, height: float, *, tilt: float = 0) -> Shape:
    """Draw around the centre (x, y); the tilt is in degrees, clockwise."""
    cos, sin = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
    outline = []
    for step in range(_ELLIPSE_STEPS):
        angle = step * math.tau / _ELLIPSE_STEPS
        along, across = math.cos(angle) * width / 2, math.sin(angle) * height / 2
        outline.append((x + along * cos - across * sin, y + along * sin + across * cos))
    return outline


def rounded(box: tuple[float, float, float, float], radius: float) -> Shape:
    """Draw a rectangle (left, top, right, bottom) with round corners."""
    left, top, right, bottom = box
    corners = (
        (right - radius, top + radius, 270),
        (right - radius, bottom - radius, 0),
        (left + radius, bottom - radius, 90),
        (left + radius, top + radius, 180),
    )
    outline: Shape = []
    for x, y, start in corners:
        for step in range(_STEPS + 1):
            angle = math.radians(start + 90 * step / _STEPS)
            outline.append((x + radius * math.cos(angle), y + radius * math.sin(angle)))
    return outline


def smooth(corners: Sequence[Point]) -> Shape:
    """Run a closed Catmull-Rom curve through the points."""
    count = len(corners)
    outline: Shape = []
    for start in range(count):
        outline += _span([corners[(start + offset) % count] for offset in (-1, 0, 1, 2)])
    return outline


def path(corners: Sequence[Point]) -> Shape:
    """Run an open Catmull-Rom curve through the points."""
    last = len(corners) - 1
    outline: Shape = []
    for start in range(last):
        around = (start - 1, start, start + 1, start + 2)
        outline += _span([corners[min(max(index, 0), last)] for index in around])
    return [*outline, corners[last]]


def _span(corners: Sequence[Point]) -> Iterator[Point]:
    for step in range(_STEPS):
        t = step / _STEPS
        weights = (
            (-(t**3) + 2 * t**2 - t) / 2,
            (3 * t**3 - 5 * t**2 + 2) / 2,
            (-3 * t**3 + 4 * t**2 + t) / 2,
            (t**3 - t**2) / 2,
        )
        pairs = list(zip(weights, corners, strict=True))
        yield sum(w * x for w, (x, _) in pairs), sum(w * y for w, (_, y) in pairs)


def brush(corners: Sequence[Point], width: float, *, tip: float = 0.3) -> Shape:
    """Follow the points with a brush; `tip` is its share of the width at the two ends."""
    line = path(corners)
    last = len(line) - 1
    left: Shape = []
    right: Shape = []
    for index, (x, y) in enumerate(line):
        (x0, y0), (x1, y1) = line[max(index - 1, 0)], line[min(index + 1, last)]
        length = math.hypot(x1 - x0, y1 - y0) or 1
        swell = tip + (1 - tip) * math.sin(math.pi * index / last)
        reach = width * swell / 2 / length
        left.append((x - (y1 - y0) * reach, y + (x1 - x0) * reach))
        right.append((x + (y1 - y0) * reach, y - (x1 - x0) * reach))
    return left + right[::-1]


def mirror(shape: Sequence[Point]) -> Shape:
    return [(2 * MIDDLE - x, y) for x, y in shape]


def whole(right_half: str) -> Shape:
    """Complete an outline of which the right half is given, from top to bottom."""
    half = points(right_half)
    return half + [point for point in reversed(mirror(half)) if point[0] != MIDDLE]


def both_sides(right: str) -> tuple[Shape, Shape]:
    """Return what is given for the right, and the same for the left."""
    shape = points(right)
    return shape, mirror(shape)
