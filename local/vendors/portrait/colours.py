"""Colours that go together: the air, the light behind the head, and two kinds of cloth."""

from dataclasses import dataclass

from PIL import ImageColor

from local.vendors.chance import Chance

Colour = tuple[int, int, int]

INK: Colour = (51, 33, 43)
WHITE: Colour = (251, 247, 242)
_DUSK: Colour = (46, 24, 66)
_CANDLE: Colour = (255, 246, 228)


def colour(code: str) -> Colour:
    red, green, blue = ImageColor.getrgb(code)[:3]
    return red, green, blue


def mix(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def darker(base: Colour, share: float) -> Colour:
    """Shade towards violet: a shadow is never grey."""
    return mix(base, _DUSK, share)


def lighter(base: Colour, share: float) -> Colour:
    return mix(base, _CANDLE, share)


@dataclass(frozen=True)
class Palette:
    top: Colour
    bottom: Colour
    glow: Colour
    cloth: Colour
    accent: Colour


_BY_SCENE = {
    "sea": ("#bfe3e6 #f6e3c3 #fff2d2 #24506e #e9eef0", "#8fc7d8 #f3d9c4 #ffe9c9 #1f3f5b #e8604c"),
    "night": ("#1b2149 #5a4580 #f4e3b0 #7a4f8f #f2b66d", "#141b3c #37507c #f7efcf #b4566a #ecc27a"),
    "library": (
        "#6b3b34 #c98f5a #f3cf94 #2f5d54 #e7d3a7",
        "#4b3a50 #b98263 #f6d6a4 #7d3140 #e5c88e",
    ),
    "forest": (
        "#cfe3b4 #8fb98b #fbf3c4 #35624a #e0a458",
        "#e4e9c0 #7fae94 #fff4cf #a2543a #f0d58a",
    ),
    "mountains": (
        "#a9cbe8 #f4dbe0 #fff3e6 #8f3f4e #f3e9dc",
        "#c4d7f0 #fbe3d2 #fff6e8 #3d5a86 #f2b28b",
    ),
    "city": ("#f3b6a0 #7a6fa5 #ffe0b5 #2e3350 #e6c26b", "#ffcf9c #c26d7c #fff0c9 #30505f #f0e3d0"),
    "sunset": (
        "#ffb88a #f2779a #ffe6a6 #2f6f78 #ffe0c0",
        "#ffd08a #ef8a7a #fff0b8 #55407a #ffd9c0",
    ),
    "circuit": (
        "#123a4a #2d7f86 #9df0dc #29335c #ffb454",
        "#20264f #4f6fb5 #b6e6ff #1f7a78 #ffd166",
    ),
}
_ANYWHERE = (
    "#f8d9c4 #e8a598 #fff0d9 #4a6670 #f4e3c1",
    "#cfe5df #8fbcb5 #fdf2d8 #b5574a #f7e7c6",
    "#e3d9f2 #b19bd0 #fff1da #3f5a73 #f4c77b",
    "#fbe3a8 #f0a868 #fff5d6 #5a4a78 #fbe9d0",
    "#d4e4f4 #8faed3 #fff2dc #9a4a5f #f2d9b0",
    "#f6cdd3 #c77f9a #ffeed6 #3c5f5c #f6e0c0",
    "#dfe8c6 #9dbb84 #fff6d8 #7a4652 #f1d7a4",
)


def choose_palette(scene: str, chance: Chance) -> Palette:
    codes = chance.pick("palette", _BY_SCENE.get(scene, _ANYWHERE))
    return Palette(*map(colour, codes.split()))
