"""How wide a text is, and how it fits: lines that wrap, letters that shrink, dots at the worst."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import ImageFont

FONTS = Path(__file__).with_name("fonts")
SERIF, SERIF_ITALIC = "SourceSerifPro-Semibold", "SourceSerifPro-It"
SANS, SANS_STRONG = "SourceSansPro-Regular", "SourceSansPro-Semibold"
FALLBACKS = ("DejaVuSans", "DroidSansFallback")
"""Whatever letters the others lack: one has most alphabets, the other Chinese characters."""

_MEASURED_AT = 100
_DOTS = "\N{HORIZONTAL ELLIPSIS}"


@dataclass(frozen=True)
class Block:
    """Lines of one size, as they fit into a box."""

    lines: tuple[str, ...]
    size: int
    font: str


def font_files() -> list[str]:
    return sorted(str(path) for path in FONTS.glob("*.ttf"))


def width(text: str, *, font: str, size: float) -> float:
    return sum(_advance(character, font) for character in text) * size / _MEASURED_AT


def fit(text: str, *, font: str, sizes: range, box: int, most: int) -> Block:
    """Return the text in the largest size in which `most` lines hold it, or cut in the smallest."""
    for size in sizes:
        lines = tuple(_wrapped(text, font=font, size=size, box=box))
        if len(lines) <= most:
            return Block(lines, size, font)
    last = _shortened(lines[most - 1] + _DOTS, font=font, size=size, box=box)
    return Block((*lines[: most - 1], last), size, font)


def _wrapped(text: str, *, font: str, size: int, box: int) -> Iterator[str]:
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if width(longer, font=font, size=size) <= box:
            line = longer
            continue
        if line:
            yield line
        *full, line = _broken(word, font=font, size=size, box=box)
        yield from full
    if line:
        yield line


def _broken(word: str, *, font: str, size: int, box: int) -> Iterator[str]:
    """Yield the word in pieces that fit; marks stay with the letter that carries them."""
    piece = ""
    for character in word:
        is_mark = unicodedata.combining(character) != 0
        if not is_mark and piece and width(piece + character, font=font, size=size) > box:
            yield piece
            piece = ""
        piece += character
    yield piece


def _shortened(line: str, *, font: str, size: int, box: int) -> str:
    while width(line, font=font, size=size) > box:
        line = line[:-2].rstrip() + _DOTS
    return line


@cache
def _loaded(font: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(
        FONTS / f"{font}.ttf", _MEASURED_AT, layout_engine=ImageFont.Layout.BASIC
    )


def _advance(character: str, font: str) -> float:
    if unicodedata.east_asian_width(character) in {"W", "F"}:
        return float(_MEASURED_AT)
    return _loaded(font).getlength(character)
