"""Whatever bytes are brought in: a card, or a clear refusal, soon, and in little memory."""

import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress

import pytest

from chalicelib.personas.cards.adoption import adopt
from chalicelib.personas.cards.exceptions import CardTooLarge, NotACard
from chalicelib.personas.cards.parsing import parse_object
from tests.personas.cards import foreign
from tests.personas.cards.specimens import ACCEPTED, NOT_A_CARD, TOO_LARGE, taken_in


def within(file: bytes, *, seconds: float, megabytes: float) -> None:
    tracemalloc.start()
    began = time.process_time()
    try:
        taken_in(file)
    finally:
        took = time.process_time() - began
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert took < seconds
        assert peak < megabytes * 1024 * 1024


@pytest.mark.parametrize("what", NOT_A_CARD)
def test_what_is_no_card_is_said_to_be_none(what: str) -> None:
    with pytest.raises(NotACard) as refused:
        within(NOT_A_CARD[what], seconds=5, megabytes=60)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("what", TOO_LARGE)
def test_what_is_too_large_is_not_looked_into(what: str) -> None:
    with pytest.raises(CardTooLarge):
        within(TOO_LARGE[what], seconds=1, megabytes=20)


@pytest.mark.parametrize("what", ACCEPTED)
def test_what_is_odd_and_harmless_is_taken(what: str) -> None:
    within(ACCEPTED[what], seconds=5, megabytes=60)


SLOW_TEXTS: dict[str, Callable[[int], str]] = {
    "brackets": lambda n: "[" * n,
    "links": lambda n: "[a](" * n,
    "links in links": lambda n: "[" * (n // 2) + "](x)" * (n // 2),
    "parentheses": lambda n: "[a](" + "(" * n,
    "angles": lambda n: "<a" * n,
    "placeholders": lambda n: "{{char}}" * n,
    "starts": lambda n: "<START>" * n,
    "speakers": lambda n: "{{char}}:" * n + "\n",
    "lines": lambda n: "{{char}}: a\n" * n,
    "spaces": lambda n: "{{char}}" + " " * n + "\n",
    "marks": lambda n: "a" + "\u0301" * n,
    "long words": lambda n: "\ufdfa" * n,
}


@pytest.mark.parametrize("what", SLOW_TEXTS)
def test_no_text_takes_long_to_reduce(what: str) -> None:
    text = SLOW_TEXTS[what](60_000)
    fields = ("name", "description", "personality", "first_mes", "mes_example")
    card = parse_object(foreign.v2(**dict.fromkeys(fields, text)))
    began = time.process_time()
    adopt(card, name="Bo")
    with suppress(NotACard):
        adopt(card, name=None)
    assert time.process_time() - began < 3
