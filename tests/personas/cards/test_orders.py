"""Orders to a model, in every field that a card has for text: they stay quotations."""

import json

import pytest

from chalicelib.personas.cards.adoption import TEXTS, adopt
from chalicelib.personas.cards.parsing import parse_object
from chalicelib.personas.generation import HOUSE_RULES
from tests.personas.cards import foreign
from tests.personas.injections import INJECTIONS
from tests.personas.test_injection import MARKUP_SIGNS, texts_in

FIELDS = ("description", "personality", "scenario", "first_mes", "mes_example")
OTHERS = ("system_prompt", "post_history_instructions", "creator_notes")


@pytest.mark.parametrize("text", INJECTIONS)
def test_an_order_in_a_card_is_never_more_than_quoted(text: str) -> None:
    text = text.replace("\0", "")  # no card may hold it
    dialogue = "\n".join(f"{{{{char}}}}: {line}" for line in text.splitlines())
    card = foreign.v2(
        **dict.fromkeys(FIELDS, text) | {"mes_example": dialogue},
        **dict.fromkeys(OTHERS, "MARK-1f"),
        extensions={"persona_ai": {"motto": text, "title": text, "style": {"register": text}}},
    )
    columns = adopt(parse_object(card), name="Ada").columns
    first, material, *rules = columns["system_prompt"].split("\n")
    assert first.startswith("You are Ada, an AI persona. The JSON object on the next line came")
    assert json.loads(material).keys() <= {"summary", "examples", "personality", "scenario"}
    assert rules == [HOUSE_RULES]
    assert "MARK-1f" not in columns["system_prompt"]
    shown = [*texts_in({name: columns[name] for name in TEXTS}), *texts_in(json.loads(material))]
    assert not [each for each in shown if any(sign in each.casefold() for sign in MARKUP_SIGNS)]
