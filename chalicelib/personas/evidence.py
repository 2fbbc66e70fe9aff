"""What a summary rests on. A model claims it, this module checks it.

Whether a sentence follows from its evidence no program can tell; that the evidence is there at all,
and not made up, one can.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

from chalicelib.analyses.instruments import Trait
from chalicelib.core.text import plain

MAX_CLAIMS = 12
PASSAGE = 40
"""So many letters in a row that a model was given, too, are no chance and no phrase: it copies."""

_END = re.compile(r"[.!?\N{HORIZONTAL ELLIPSIS}]+[\"'\u201d\u2019)\]]*\s+")
_ABBREVIATIONS = {"dr", "mr", "mrs", "ms", "prof", "st", "jr", "sr", "vs", "etc"}


class Claim(BaseModel):
    """A sentence of the summary, and the trait or the literal words that it rests on."""

    sentence: str
    trait: Trait | None
    quote: str | None


def checked(
    claims: Sequence[Claim], *, summary: str, traits: Collection[Trait], texts: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the claims that hold, in the order of the summary's sentences.

    A trait holds that is among `traits`, a quote that stands in one of the `texts`. What else is
    claimed is dropped.
    """
    found = []
    for sentence in sentences(summary):
        for claim in claims[:MAX_CLAIMS]:
            if _folded(plain(claim.sentence, limit=600)) != _folded(sentence):
                continue
            quote = plain(claim.quote or "", limit=280)
            trait = claim.trait.value if claim.trait in traits and claim.trait else None
            literal = quote if is_literal(quote, texts) else None
            if trait or literal:
                found.append({"sentence": sentence, "trait": trait, "quote": literal})
    return found


def sentences(text: str) -> list[str]:
    """Cut a text into its sentences. What stands between quotation marks is not cut."""
    ends = [0, *(end.end() for end in _END.finditer(text) if _is_end(text, end)), len(text)]
    pieces = (text[start:end].strip() for start, end in pairwise(ends))
    return [piece for piece in pieces if piece]


def is_literal(quote: str, texts: Iterable[str]) -> bool:
    """Whether the quote stands in one of the texts, in whole words, whatever case and spaces."""
    wanted = _folded(quote)
    return bool(wanted) and any(_stands_in(wanted, _folded(text)) for text in texts)


def copies(texts: Iterable[str], sources: Iterable[str]) -> bool:
    """Whether one of the texts repeats a passage of a source, whatever the spaces and signs."""
    passages = {passage for source in sources for passage in _passages(source)}
    return any(passage in passages for text in texts for passage in _passages(text))


def _is_end(text: str, end: "re.Match[str]") -> bool:
    before, after = text[: end.end()], text[end.end() :]
    if after[:1].islower() or _is_quoting(before):
        return False
    word = re.split(r"\W+", text[: end.start()])[-1].casefold()
    return not (end.group().strip() == "." and (len(word) == 1 or word in _ABBREVIATIONS))


def _is_quoting(text: str) -> bool:
    return text.count("\u201c") > text.count("\u201d") or text.count('"') % 2 == 1


def _stands_in(wanted: str, text: str) -> bool:
    return any(
        not (text[start - 1 : start].isalnum() and wanted[0].isalnum())
        and not (text[start + len(wanted) :][:1].isalnum() and wanted[-1].isalnum())
        for start in _places(wanted, text)
    )


def _places(wanted: str, text: str) -> Iterator[int]:
    start = text.find(wanted)
    while start >= 0:
        yield start
        start = text.find(wanted, start + 1)


def _passages(text: str) -> Iterator[str]:
    letters = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))
    for start in range(len(letters) - PASSAGE + 1):
        yield letters[start : start + PASSAGE]


def _folded(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(" .!?\N{HORIZONTAL ELLIPSIS}")
