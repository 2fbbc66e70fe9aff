"""What a card becomes here. Its texts are data: reduced, limited, and never an instruction."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from chalicelib.core.models import MottoTone
from chalicelib.core.text import AtMost, Line, plain
from chalicelib.personas import generation
from chalicelib.personas.cards import signing
from chalicelib.personas.cards.exceptions import NotACard
from chalicelib.personas.cards.parsing import PORTRAIT, Card, CardData, is_portrait

EXTENSION = "persona_ai"
FORMAT = 1

TEXTS = ("motto", "title", "summary", "greeting", "examples", "style")
MEASURED = ("traits", "archetype", "evidence", "fidelity")
SHOWN = {"description", "personality", "scenario", "first_mes", "mes_example"}
STANDARD = {
    "name",
    "creator_notes",
    "system_prompt",
    "post_history_instructions",
    "alternate_greetings",
    "group_only_greetings",
    "tags",
    "creator",
    "character_version",
    "creation_date",
    "modification_date",
    *SHOWN,
}

_NAME: TypeAdapter[str] = TypeAdapter(Annotated[Line, AtMost(80)])
_SPEAKER = re.compile(r"\{\{char\}\}|<char>|<bot>", re.IGNORECASE)
_LISTENER = re.compile(r"\{\{user\}\}|<user>", re.IGNORECASE)
_START = re.compile(r"<start>", re.IGNORECASE)


@dataclass(frozen=True)
class Adopted:
    """A persona's columns, what is kept beside them, and what is known of its portrait."""

    columns: Mapping[str, Any]
    kept: Mapping[str, Any]
    is_ours: bool
    portrait_sha256: str | None = None
    """The stored portrait of a card of ours; None where it had none, or the card is another's."""

    @property
    def moderated(self) -> str:
        """Everything that somebody may come to read."""
        texts = (self.columns[name] for name in ("name", *TEXTS, "system_prompt"))
        return "\n".join(str(text) for text in texts if text)


def adopt(card: Card, *, name: str | None) -> Adopted:
    """`name` replaces the card's own. Raises `NotACard` when no name is left."""
    block = (card.known.extensions or {}).get(EXTENSION)
    if isinstance(block, dict) and block.get("format") == FORMAT and signing.is_ours(block):
        return _restored(card, block, name=name or block["name"])
    return _translated(card, block, name=name or _name_of(card.known))


def texts_of(known: CardData, *, name: str) -> dict[str, Any]:
    """Return what a card's own fields say, as we show it."""
    summary = _said(known.description, 600, name) or _said(known.personality, 600, name)
    return {
        "summary": summary,
        "greeting": _said(known.first_mes, 280, name),
        "examples": _examples(known.mes_example, name),
    }


def prompt_of(columns: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """Assemble the persona's instructions from its texts and from what only a card has."""
    name = columns["name"]
    known = CardData.model_validate({"name": name, **_texts_alone(data)})
    material = {key: columns[key] for key in ("summary", "style", "examples")} | {
        "personality": _said(known.personality, 600, name),
        "scenario": _said(known.scenario, 600, name),
    }
    return generation.imported_prompt(name=name, material=material)


def _restored(card: Card, block: Mapping[str, Any], *, name: str) -> Adopted:
    columns = {
        "name": name,
        "motto_tone": MottoTone(block["motto_tone"]),
        **{each: block[each] for each in (*TEXTS, *MEASURED)},
    }
    others = {key: value for key, value in card.data.items() if key not in STANDARD}
    kept = {"data": _others(others), "source": block["source"]}
    portrait = block["portrait"] or {}
    return Adopted(
        columns | {"system_prompt": prompt_of(columns, {})},
        kept,
        is_ours=True,
        portrait_sha256=portrait.get("sha256"),
    )


def _translated(card: Card, block: object, *, name: str) -> Adopted:
    claims = block if isinstance(block, dict) else {}
    tones = [tone.value for tone in MottoTone]
    tone = claims.get("motto_tone")
    columns = {
        "name": name,
        "motto": _said(claims.get("motto"), 140, name),
        "motto_tone": MottoTone(tone) if tone in tones else MottoTone.NEUTRAL,
        "title": _said(claims.get("title"), 80, name),
        "style": None,
        **texts_of(card.known, name=name),
        **dict.fromkeys(MEASURED),
    }
    kept = {"data": _others(card.data), "source": None}
    return Adopted(columns | {"system_prompt": prompt_of(columns, card.data)}, kept, is_ours=False)


def _others(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what has no column here. The portrait has one, wherever the card carried it."""
    extensions = {
        key: value
        for key, value in (data.get("extensions") or {}).items()
        if key not in {EXTENSION, PORTRAIT}
    }
    kept = {**data, "extensions": extensions}
    if isinstance(assets := data.get("assets"), list):
        kept["assets"] = [each for each in assets if not is_portrait(each)]
    return kept


def _texts_alone(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key in SHOWN}


def _name_of(known: CardData) -> str:
    try:
        return _NAME.validate_python(plain(known.name[:640], limit=80))
    except ValidationError as error:
        raise NotACard.because("its name cannot be used; give another as `name`") from error


def _said(text: object, limit: int, name: str) -> str | None:
    """Reduce a text to what may be shown, its placeholders filled in."""
    if not isinstance(text, str):
        return None
    filled = _LISTENER.sub("you", _SPEAKER.sub(lambda _: name, text[: limit * 8]))
    return plain(filled, limit=limit) or None


def _examples(dialogue: str | None, name: str) -> list[str]:
    """Return the first lines that the character says in its example dialogue."""
    lines = _START.sub("\n", (dialogue or "")[:20_000]).splitlines()
    spoken = [match[1] for line in lines if (match := _spoken(name).match(line))]
    said = [_said(line, 280, name) for line in spoken]
    return [line for line in said if line][: generation.EXAMPLES]


def _spoken(name: str) -> re.Pattern[str]:
    return re.compile(
        rf"\s*(?:\{{\{{char\}}\}}|<char>|<bot>|{re.escape(name)})\s*:(.*)", re.IGNORECASE
    )
