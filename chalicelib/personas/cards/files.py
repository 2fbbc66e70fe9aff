"""A persona as the file that its owner takes away. Pictures are drawn here, so import it late."""

import json
import re
import unicodedata
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from chalicelib.personas.cards import pictures, png, writing
from chalicelib.personas.cards.parsing import ORIGINAL, V2, V3
from chalicelib.personas.cards.png import Chunk
from chalicelib.personas.cards.schemas import CardFormat
from chalicelib.personas.cards.share import share_card
from chalicelib.personas.cards.writing import Exported


@dataclass(frozen=True)
class File:
    content: bytes
    mime: str
    filename: str

    @property
    def sha256(self) -> str:
        return sha256(self.content).hexdigest()


def write(exported: Exported, wanted: CardFormat) -> File:
    make, mime, ending = FORMATS[wanted]
    return File(make(exported), mime, f"{_stem(exported.persona.name)}.{ending}")


def _card_png(exported: Exported) -> bytes:
    """Put the cards right behind the header: some readers look no further."""
    portrait = exported.portrait
    drawn = (
        pictures.portrait_png(portrait) if portrait else pictures.emblem_png(exported.persona.name)
    )
    header, *others, end = png.read(drawn)
    cards = [
        png.text(V2, b64encode(_json(writing.version_2(exported)))),
        png.text(V3, b64encode(_json(writing.version_3(exported)))),
    ]
    original = [Chunk(ORIGINAL, portrait)] if portrait else []
    return png.write([header, *cards, *others, *original, end])


def _share_svg(exported: Exported) -> bytes:
    picture = pictures.small_jpeg(exported.portrait) if exported.portrait else None
    return share_card(exported, picture=picture).encode()


def _share_png(exported: Exported) -> bytes:
    return pictures.rendered(_share_svg(exported).decode())


def _json(card: Mapping[str, Any]) -> bytes:
    return json.dumps(card, ensure_ascii=False, allow_nan=False).encode()


def _stem(name: str) -> str:
    """Name a file with the letters that every system takes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "-", plain).strip("-") or "persona"


FORMATS: dict[CardFormat, tuple[Callable[[Exported], bytes], str, str]] = {
    CardFormat.CCV2_JSON: (
        lambda exported: _json(writing.version_2_alone(exported)),
        "application/json",
        "v2.json",
    ),
    CardFormat.CCV3_JSON: (
        lambda exported: _json(writing.version_3_alone(exported)),
        "application/json",
        "v3.json",
    ),
    CardFormat.CARD_PNG: (_card_png, "image/png", "card.png"),
    CardFormat.SHARE_SVG: (_share_svg, "image/svg+xml", "share.svg"),
    CardFormat.SHARE_PNG: (_share_png, "image/png", "share.png"),
}
