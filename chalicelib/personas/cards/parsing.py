"""From a file to the card in it. Whatever the bytes are: a card comes out, or `NotACard`."""

import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json

from chalicelib.personas.cards import png
from chalicelib.personas.cards.exceptions import CardTooLarge, NotACard
from chalicelib.personas.cards.png import Chunk, NotPng

MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_JSON_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 32
MAX_VALUES = 50_000
MAX_NUMBER = 2**63
MAX_SIDE = 4096

V2, V3 = b"chara", b"ccv3"
ORIGINAL = b"ppJP"
"""A private chunk of ours: the portrait as it was stored. Its pixels would not bring it back."""
PORTRAIT = "persona_ai_portrait"
"""An extension of ours: a JSON card of version 2 has no other place for a picture."""
DEFAULT_ICON = "ccdefault:"
SPECS = {
    "chara_card_v2": re.compile(r"2(\.\d{1,4})?"),
    "chara_card_v3": re.compile(r"3(\.\d{1,4})?"),
}

_NEVER_STORED = re.compile("[\0\ud800-\udfff]")
_DATA_URI = re.compile(r"data:image/(?:png|jpeg|webp);base64,")


class CardData(BaseModel):
    """The fields of a card that become a persona's. All others are kept as they are."""

    model_config = ConfigDict(strict=True)

    name: str
    description: str | None = None
    personality: str | None = None
    scenario: str | None = None
    first_mes: str | None = None
    mes_example: str | None = None
    extensions: dict[str, Any] | None = None


@dataclass(frozen=True)
class Card:
    data: Mapping[str, Any]
    known: CardData
    picture: bytes | None = None
    """What the card shows of its character: an image file, not to be trusted."""
    original: bytes | None = None
    """What claims to be the portrait as we have stored it."""


def parse_file(content: bytes) -> Card:
    """Read the card out of a PNG, or out of JSON. Raises `NotACard` and `CardTooLarge`."""
    if len(content) > MAX_FILE_BYTES:
        raise CardTooLarge
    if not content.startswith(png.SIGNATURE[:4]):
        text = content.removeprefix(b"\xef\xbb\xbf")
        return parse_object(_json(text, otherwise="it is neither a PNG nor JSON"))
    try:
        return _from_png(png.read(content))
    except NotPng as error:
        raise NotACard.because(str(error)) from error


def parse_object(card: object) -> Card:
    _require_plain(card)
    if not isinstance(card, dict):
        raise NotACard.because("it is no JSON object")
    version = SPECS.get(str(card.get("spec")))
    if version is None or not version.fullmatch(str(card.get("spec_version"))):
        raise NotACard.because("only cards of version 2 and 3 are")
    data = card.get("data")
    if not isinstance(data, dict):
        raise NotACard.because("its `data` is no object")
    try:
        known = CardData.model_validate(data)
    except ValidationError as error:
        wrong = sorted({str(each["loc"][0]) for each in error.errors(include_input=False)})
        raise NotACard.because(f"see {', '.join(wrong)} in its `data`") from error
    return Card(data, known, picture=_icon(data))


def _from_png(chunks: list[Chunk]) -> Card:
    size = png.header(chunks)
    if max(size.width, size.height) > MAX_SIDE:
        raise NotACard.because("its picture is too large")
    kinds = {chunk.kind: chunk.content for chunk in chunks}
    if png.ANIMATION in kinds:
        raise NotACard.because("its picture moves")
    card = parse_object(_json(_embedded(chunks), otherwise="its text is no JSON"))
    return Card(card.data, card.known, picture=png.picture(chunks), original=kinds.get(ORIGINAL))


def _embedded(chunks: list[Chunk]) -> bytes:
    """Return the newest version that the file holds; of one version there may be one only."""
    texts = [each for each in png.texts(chunks) if each[0] in {V2, V3}]
    found = dict(texts)
    if not found:
        raise NotACard.because("the picture holds none")
    if len(found) != len(texts):
        raise NotACard.because("the picture holds several")
    try:
        return b64decode(found.get(V3, found.get(V2, b"")), validate=True)
    except ValueError as error:
        raise NotACard.because("its text is no base64") from error


def _json(raw: bytes, *, otherwise: str) -> Any:
    if len(raw) > MAX_JSON_BYTES:
        raise CardTooLarge
    try:
        return from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise NotACard.because(otherwise) from error


def _require_plain(card: object) -> None:
    """Let through only what the database can keep and give back as it was."""
    level, seen = [card], 0
    for _ in range(MAX_DEPTH):
        seen += len(level)
        if seen > MAX_VALUES:
            raise NotACard.because("it holds too much")
        if not all(map(_is_storable, level)):
            raise NotACard.because("it holds a character or a number that nothing can keep")
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return
    raise NotACard.because("it is nested too deeply")


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else []


def _is_storable(value: object) -> bool:
    if isinstance(value, str):
        return _NEVER_STORED.search(value) is None
    return not isinstance(value, int | float) or abs(value) < MAX_NUMBER


def _icon(data: Mapping[str, Any]) -> bytes | None:
    """Return the picture that a card carries in its text. Addresses are not followed."""
    assets = data.get("assets")
    listed = assets if isinstance(assets, list) else []
    icons = [each["uri"] for each in listed if is_portrait(each)]
    extensions = data.get("extensions") or {}
    for uri in (*icons, extensions.get(PORTRAIT)):
        if isinstance(uri, str) and (inlined := _DATA_URI.match(uri)):
            try:
                return b64decode(uri[inlined.end() :], validate=True)
            except ValueError as error:
                raise NotACard.because("its portrait is no base64") from error
    return None


def is_portrait(asset: object) -> bool:
    """Tell the main icon that the card itself holds from other assets, and from addresses."""
    if not isinstance(asset, dict) or not isinstance(asset.get("uri"), str):
        return False
    is_main = asset.get("type") == "icon" and asset.get("name") == "main"
    return is_main and asset["uri"].startswith(("data:", DEFAULT_ICON))
