"""A persona as a character card of version 2 or 3, with all that is ours in an extension."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.core.models import Persona, PersonaImage
from chalicelib.personas.cards import signing
from chalicelib.personas.cards.adoption import EXTENSION, FORMAT, MEASURED, TEXTS, texts_of
from chalicelib.personas.cards.parsing import DEFAULT_ICON, PORTRAIT, CardData

CREATOR = "Persona AI"
OWN_TEXTS = {"summary": "description", "greeting": "first_mes", "examples": "mes_example"}


@dataclass(frozen=True)
class Exported:
    """A published persona, its current portrait, and that portrait's bytes."""

    persona: Persona
    image: PersonaImage | None
    portrait: bytes | None

    @property
    def basis(self) -> str:
        """Say what the persona rests on, as every card of it does."""
        traits = self.persona.traits
        if traits is None:
            return "from an imported card"
        basis = str(traits["basis"])
        return f"from what {basis} answered" if traits["source"] == "peer" else basis


def version_2(exported: Exported) -> dict[str, Any]:
    return {"spec": "chara_card_v2", "spec_version": "2.0", "data": _data(exported)}


def version_3(exported: Exported) -> dict[str, Any]:
    data = {"group_only_greetings": [], **_data(exported)}
    if exported.portrait is not None or not data.get("assets"):
        data["assets"] = [_icon(DEFAULT_ICON, "png"), *data.get("assets", [])]
    return {"spec": "chara_card_v3", "spec_version": "3.0", "data": data}


def version_2_alone(exported: Exported) -> dict[str, Any]:
    """Return a card that carries the portrait in its text: there is no picture around it."""
    card = version_2(exported)
    if exported.portrait is not None:
        card["data"]["extensions"][PORTRAIT] = _data_uri(exported.portrait)
    return card


def version_3_alone(exported: Exported) -> dict[str, Any]:
    card = version_3(exported)
    if exported.portrait is not None:
        card["data"]["assets"][0] = _icon(_data_uri(exported.portrait), "jpeg")
    return card


def own_block(exported: Exported) -> dict[str, Any]:
    """Return what a card of ours brings back, signed."""
    persona, image = exported.persona, exported.image
    traits = persona.traits or {}
    return signing.signed(
        {
            "format": FORMAT,
            "name": persona.name,
            "motto_tone": persona.motto_tone.value,
            **{name: getattr(persona, name) for name in (*TEXTS, *MEASURED)},
            "source": (persona.card or {}).get("source") or persona.source.value,
            "basis": traits.get("basis"),
            "portrait": image and {"sha256": image.sha256, "mime": image.mime},
        }
    )


def _data(exported: Exported) -> dict[str, Any]:
    persona = exported.persona
    data: Mapping[str, Any] = (persona.card or {}).get("data", {})
    kept = {name: value for name, value in data.items() if value is not None}
    fields = _fields(exported) | kept | _changed(persona, kept)
    fields["extensions"] = {**kept.get("extensions", {}), EXTENSION: own_block(exported)}
    return fields


def _fields(exported: Exported) -> dict[str, Any]:
    persona = exported.persona
    return {
        "name": persona.name,
        **_texts(persona),
        "personality": _personality(persona.style or {}),
        "scenario": "",
        "creator_notes": f"AI persona {exported.basis}. It is not the real person.",
        "system_prompt": persona.system_prompt or "",
        "post_history_instructions": "",
        "alternate_greetings": [],
        "tags": ["ai persona"],
        "creator": CREATOR,
        "character_version": str(persona.version),
    }


def _changed(persona: Persona, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields in which the persona no longer says what its card said."""
    texts = {"name": persona.name}
    if not kept.keys() & OWN_TEXTS.values():
        return texts
    said = texts_of(CardData.model_validate(kept), name=persona.name)
    ours = _texts(persona)
    changed = {field for name, field in OWN_TEXTS.items() if said[name] != getattr(persona, name)}
    return texts | {field: ours[field] for field in changed}


def _texts(persona: Persona) -> dict[str, str]:
    lines = [f"<START>\n{{{{char}}}}: {line}" for line in persona.examples]
    return {
        "description": persona.summary or "",
        "first_mes": persona.greeting or "",
        "mes_example": "\n".join(lines),
    }


def _personality(style: Mapping[str, str]) -> str:
    return " ".join(f"{name.capitalize()}: {how}." for name, how in style.items())


def _icon(uri: str, extension: str) -> dict[str, str]:
    return {"type": "icon", "uri": uri, "name": "main", "ext": extension}


def _data_uri(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"
