"""Text that people send: trimmed, normalised (NFC), and free of what no store or page can hold."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic_core import CoreSchema, core_schema

_LINE_BREAKS = set("\n\r\t\u2028\u2029")
_CONTROLS = {"Cc", "Cs", "Zl", "Zp"}
_BIDI_CONTROLS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_TAGS = range(0xE0000, 0xE0080)
"""Letters that nobody sees and models read."""
_BLANKS = set("\u2800\u3164\uffa0")
"""Letters and symbols by their category, and yet nothing to see."""


def _line(value: str) -> str:
    return _printable(value, allowed=set())


def _prose(value: str) -> str:
    return _printable(value, allowed=_LINE_BREAKS)


def _printable(value: str, *, allowed: set[str]) -> str:
    for character in value:
        is_control = unicodedata.category(character) in _CONTROLS and character not in allowed
        if is_control or character in _BIDI_CONTROLS or ord(character) in _TAGS:
            message = f"must not hold the control character U+{ord(character):04X}"
            raise ValueError(message)
    if not any(map(_is_visible, value)):
        message = "must hold something that can be seen"
        raise ValueError(message)
    return unicodedata.normalize("NFC", value)


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] not in "CZM" and character not in _BLANKS


@dataclass(frozen=True)
class AtMost:
    """Limit the length after normalisation, which may have changed it."""

    limit: int

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._measured, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return handler(schema) | {"maxLength": self.limit}

    def _measured(self, value: str) -> str:
        if len(value) > self.limit:
            message = f"must have at most {self.limit} characters"
            raise ValueError(message)
        return value


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_line)]
"""One line of text: no control characters at all."""

Prose = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_prose)
]
"""Text of several lines: line breaks and tabs are the only control characters."""

# What is taken out leaves a space, so that nothing new comes together around it.
_LINK = re.compile(r"!?\[([^\[\]]*)\]\((?:[^()]|\([^()]*\))*\)")
_TAKEN_OUT = (
    re.compile(r"(?<![a-z])www\.\S*", re.IGNORECASE),
    re.compile(r"(?<![a-z])(?:javascript|vbscript|data|mailto):\S+", re.IGNORECASE),
    re.compile(r"<+[a-z/!?][^<>]*>", re.IGNORECASE),
    re.compile(r"<+(?=[a-z/!?])", re.IGNORECASE),
    re.compile(r"[`*_#]{2,}"),
)


_READ_AT_MOST = 20
"""How many times its limit of a text is looked at: nested links are undone one by one."""


def plain(value: str, *, limit: int) -> str:
    """Reduce what a model wrote to plain text: no markup, no addresses, no invisible characters,
    single spaces, and at most `limit` characters, cut between words."""
    text = "".join(
        character if unicodedata.category(character)[0] != "C" else " "
        for character in unicodedata.normalize("NFC", value[: _READ_AT_MOST * limit])
    )
    squeezed = " ".join(unicodedata.normalize("NFC", _without_markup(text)).split())
    if len(squeezed) <= limit:
        return squeezed
    return squeezed[: limit - 1].rsplit(" ", 1)[0].rstrip(",;:") + "\N{HORIZONTAL ELLIPSIS}"


def _without_markup(text: str) -> str:
    while (unlinked := _LINK.sub(r"\1", text)) != text:
        text = unlinked
    text = " ".join(word for word in text.split() if "://" not in word)
    for pattern in _TAKEN_OUT:
        text = pattern.sub(" ", text)
    return text


def _unmarked(value: str) -> str:
    if _without_markup(value).split() != value.split():
        message = "must hold no address and no markup"
        raise ValueError(message)
    return value


Unmarked = AfterValidator(_unmarked)
"""What a person writes for others to read: nothing is taken out of it, it is refused."""
