"""A persona's card, drawn for a terminal."""

import io
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from PIL import Image

WIDTH = 74
PICTURE_COLUMNS = 36
TRAITS = ("openness", "conscientiousness", "extraversion", "agreeableness", "emotional_stability")
BAR = 20


def card(persona: Mapping[str, Any], *, portrait: str) -> str:
    lines = [
        f"{persona['name']}  (AI persona, {persona['traits']['basis']})",
        f"\N{LEFT DOUBLE QUOTATION MARK}{persona['motto']}\N{RIGHT DOUBLE QUOTATION MARK}",
        "",
        *textwrap.wrap(persona["summary"], WIDTH - 4),
        "",
        *(_trait(name, persona["traits"][name]) for name in TRAITS),
        "",
        f"says hello   {persona['greeting']}",
        f"drawn by     {persona['image']['model']}",
        f"portrait     {portrait}",
    ]
    wrapped = [part for line in lines for part in (textwrap.wrap(line, WIDTH - 4) or [""])]
    edge = "\N{BOX DRAWINGS LIGHT HORIZONTAL}" * (WIDTH - 2)
    body = "\n".join(f"\N{BOX DRAWINGS LIGHT VERTICAL} {line}" for line in wrapped)
    return f"\N{BOX DRAWINGS LIGHT ARC DOWN AND RIGHT}{edge}\n{body}\n\N{BOX DRAWINGS LIGHT ARC UP AND RIGHT}{edge}"  # noqa: E501


def picture(content: bytes) -> str:
    """Draw the portrait with half blocks, two pixels a character, in 24-bit colour."""
    with Image.open(io.BytesIO(content)) as opened:
        small = opened.convert("RGB").resize((PICTURE_COLUMNS, PICTURE_COLUMNS))
    return "\n".join(_picture_lines(small))


def _picture_lines(small: Image.Image) -> Iterator[str]:
    for row in range(0, small.height, 2):
        cells = []
        for column in range(small.width):
            above, below = small.getpixel((column, row)), small.getpixel((column, row + 1))
            cells.append(f"\x1b[38;2;{_rgb(above)};48;2;{_rgb(below)}m\N{UPPER HALF BLOCK}")
        yield "  " + "".join(cells) + "\x1b[0m"


def _rgb(pixel: Any) -> str:
    return ";".join(map(str, pixel))


def _trait(name: str, trait: Mapping[str, Any]) -> str:
    filled = round(trait["estimate"] * BAR)
    bar = "\N{FULL BLOCK}" * filled + "\N{LIGHT SHADE}" * (BAR - filled)
    return f"{name.replace('_', ' '):<20} {bar} {trait['estimate']:.2f} \N{PLUS-MINUS SIGN}{trait['se']:.2f}"  # noqa: E501
