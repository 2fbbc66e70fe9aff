"""Traits as they are stored: inferred from a description, or measured by friends."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.analyses.instruments import MINI_IPIP, Trait
from chalicelib.analyses.reading import Answered
from chalicelib.analyses.scoring import score_friends
from chalicelib.personas.schemas import TraitsRead
from chalicelib.personas.traits import (
    InferredTraits,
    estimates,
    friends_traits,
    inferred_traits,
    seen_levels,
    supported,
)
from tests.analyses.surveys import ANSWERS


def trait(value: object = 0.5, quote: object = "") -> dict[str, object]:
    return {"value": value, "quote": quote}


def traits(description: str, **fields: object) -> dict[str, Any]:
    found = InferredTraits.model_validate({**{name: trait() for name in Trait}, **fields})
    return inferred_traits(found, description=description)


@pytest.mark.parametrize(
    ("value", "estimate"),
    [
        (0, 0.0),
        (1, 1.0),
        (0.126, 0.13),
        (-0.1, 0.0),
        (1.1, 1.0),
        (100, 1.0),
        (-1e308, 0.0),
        ("0.5", 0.5),
    ],
)
def test_a_value_is_clamped(value: object, estimate: float) -> None:
    kept = traits("Kind.", openness=trait(value))["openness"]
    assert (kept["estimate"], kept["se"]) == (estimate, 0.2)


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers())
def test_every_estimate_can_be_stored(value: float) -> None:
    kept = traits("Kind.", openness=trait(value))["openness"]["estimate"]
    assert 0 <= kept <= 1
    assert json.loads(json.dumps(kept, allow_nan=False)) == kept


DESCRIPTION = "Ada is curious, and KIND.\nShe asks:\twhy not?  Stra\u00dfe."


@pytest.mark.parametrize(
    "quote",
    ["curious", "Ada is curious", "kind.", "kind. she asks: why not?", "  She  asks ", "STRASSE"],
)
def test_a_quote_of_the_description_is_kept(quote: str) -> None:
    kept = traits(DESCRIPTION, openness=trait(quote=quote))["openness"]["quote"]
    assert kept == " ".join(quote.split())


@pytest.mark.parametrize(
    "quote",
    [
        "",
        " ",
        "\u200b",
        "generous",
        "Ada is curious, and kind, and rich",
        "curious kind",
        "Ada is curious \u2026 KIND",
        '"curious"',
        "curious" * 100,
        "https://evil.example",
        "<script>",
    ],
)
def test_a_quote_that_is_not_in_the_description_is_no_evidence(quote: str) -> None:
    assert traits(DESCRIPTION, openness=trait(quote=quote))["openness"]["quote"] is None


def test_a_quote_holds_no_markup_even_when_the_description_does() -> None:
    bad = "She says <b>hi</b> at https://evil.example/x and [here](https://evil.example/y)."
    kept = traits(bad, openness=trait(quote=bad), agreeableness=trait(quote="hi"))
    assert kept["openness"]["quote"] is None
    assert kept["agreeableness"]["quote"] == "hi"


def test_the_stored_traits_say_where_they_come_from() -> None:
    kept = traits("Kind.")
    assert (kept["source"], kept["basis"]) == ("inferred", "inferred from a description")
    assert (kept["n"], kept["reliability"], kept["instrument"]) == (None, None, None)
    assert {kept[name]["observed"] for name in Trait} == {None}


def measured(raters: int) -> dict[str, Any]:
    answers = [ANSWERS] * raters
    return friends_traits(
        Answered(raters, MINI_IPIP.id, score_friends(MINI_IPIP, answers), words=[])
    )


def test_measured_traits_say_how_many_friends_and_how_sure() -> None:
    kept = measured(5)
    assert (kept["source"], kept["basis"], kept["n"]) == ("peer", "5 friends", 5)
    assert kept["reliability"] == {"value": 0.7, "label": "fair"}
    assert (kept["instrument"], kept["scoring_version"]) == ("mini-ipip", 1)
    assert kept["extraversion"] == {"estimate": 0.78, "observed": 0.88, "se": 0.05, "quote": None}


def test_a_trait_that_too_few_could_see_has_no_observed_value() -> None:
    silent = {**ANSWERS, "1": None, "6": None}
    answered = Answered(3, MINI_IPIP.id, score_friends(MINI_IPIP, [silent] * 3), words=[])
    kept = friends_traits(answered)
    assert kept["extraversion"] == {"estimate": 0.57, "observed": None, "se": 0.23, "quote": None}
    assert supported(kept) == {*Trait} - {Trait.EXTRAVERSION}
    assert seen_levels(kept) == {**estimates(kept), Trait.EXTRAVERSION: 0.5}


def test_a_described_trait_is_supported_by_its_quote_alone() -> None:
    kept = traits("She is kind.", agreeableness=trait(0.8, "kind"), openness=trait(0.9, "clever"))
    assert supported(kept) == {Trait.AGREEABLENESS}
    assert estimates(kept)[Trait.AGREEABLENESS] == 0.8


def test_what_was_stored_before_traits_were_measured_can_be_read() -> None:
    old = {name.value: {"estimate": 0.5, "se": 0.2, "quote": None} for name in Trait}
    read = TraitsRead.of({"source": "inferred", "basis": "inferred from a description", **old})
    assert (read.n, read.openness.observed, read.openness.se) == (None, None, 0.2)
