"""Text that people send: trimmed, normalised (NFC), and free of what no store or page can hold."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

_LINE_BREAKS = {"\n", "\r", "\t"}


def _line(value: str) -> str:
    return _printable(value, allowed=set())


def _prose(value: str) -> str:
    return _printable(value, allowed=_LINE_BREAKS)


def _printable(value: str, *, allowed: set[str]) -> str:
    for character in value:
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in allowed:
            message = f"must not hold the control character U+{ord(character):04X}"
            raise ValueError(message)
    return unicodedata.normalize("NFC", value)


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_line)]
"""One line of text: no control characters at all."""

Prose = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_prose)
]
"""Text of several lines: line breaks and tabs are the only control characters."""

_MARKUP = re.compile(r"<[^<>]*>|!?\[([^\]]*)\]\([^)]*\)|[`*_#]{2,}")
_ADDRESS = re.compile(r"\b(?:[a-z][a-z0-9+.-]*://|www\.)\S+", re.IGNORECASE)


def plain(value: str, *, limit: int) -> str:
    """Reduce what a model wrote to plain text: no markup, no addresses, no invisible characters,
    single spaces, and at most `limit` characters, cut between words."""
    text = _ADDRESS.sub("", _MARKUP.sub(r"\1", value))
    visible = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    squeezed = " ".join(unicodedata.normalize("NFC", visible).split())
    if len(squeezed) <= limit:
        return squeezed
    return squeezed[: limit - 1].rsplit(" ", 1)[0].rstrip(",;:") + "\N{HORIZONTAL ELLIPSIS}"
