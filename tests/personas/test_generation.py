"""What is made of whatever the models answer."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.analyses.instruments import Trait
from chalicelib.personas.generation import DescribedCharacter, Motto


def trait(value: object = 0.5, quote: object = "") -> dict[str, object]:
    return {"value": value, "quote": quote}


def answer(**fields: object) -> dict[str, Any]:
    """What a model might write, with some of it replaced."""
    return {
        "title": "The Curious One",
        "summary": "Ada is curious.",
        "greeting": "Hello.",
        "examples": ["One.", "Two.", "Three."],
        "style": {"register": "warm", "humour": "dry", "length": "short", "emoji": "none"},
        "evidence": [{"sentence": "Ada is curious.", "trait": "openness", "quote": None}],
        "traits": {name: trait() for name in Trait},
        **fields,
    }


def read(**fields: object) -> dict[str, Any]:
    """What is kept of it. Models answer in JSON."""
    return DescribedCharacter.model_validate_json(json.dumps(answer(**fields))).model_dump(
        mode="json", by_alias=True
    )


def test_what_is_in_order_is_kept_as_it_is() -> None:
    assert read() == answer()


@pytest.mark.parametrize(("field", "limit"), [("title", 60), ("summary", 600), ("greeting", 280)])
def test_a_text_is_cut_at_its_limit(field: str, limit: int) -> None:
    exact = "word " * 1000
    assert len(read(**{field: exact})[field]) <= limit
    assert len(read(**{field: "a" * limit})[field]) == limit
    assert len(read(**{field: "a" * (limit + 1)})[field]) == limit


@pytest.mark.parametrize("field", ["register", "humour", "length", "emoji"])
def test_a_style_is_cut_at_its_limit(field: str) -> None:
    style = {**answer()["style"], field: "a" * 5000}
    assert len(read(style=style)["style"][field]) == 60


def test_an_example_is_cut_at_its_limit() -> None:
    assert {len(each) for each in read(examples=["a" * 5000] * 3)["examples"]} == {280}


def test_a_motto_is_cut_at_its_limit() -> None:
    assert len(Motto(motto="a" * 5000).motto) == 140


@pytest.mark.parametrize("count", [3, 4, 50])
def test_the_first_three_examples_are_kept(count: int) -> None:
    lines = [f"Line {index}." for index in range(count)]
    assert read(examples=lines)["examples"] == lines[:3]


def test_an_example_that_says_nothing_does_not_count() -> None:
    lines = ["", "One.", "<b></b>", "Two.", " \u200b ", "https://evil.example", "Three.", "Four."]
    assert read(examples=lines)["examples"] == ["One.", "Two.", "Three."]


SILENT = ["", " ", "\n", "\u200b", "<br>", "https://evil.example", "\0"]
WRONG: dict[str, dict[str, object]] = {
    "no example": {"examples": []},
    "two examples": {"examples": ["One.", "Two."]},
    "two examples and nothing": {"examples": ["One.", "Two.", " "]},
    "examples in one text": {"examples": "One. Two. Three."},
    "an example that is a number": {"examples": ["One.", "Two.", 3]},
    "no summary": {"summary": None},
    "a summary that is a list": {"summary": ["Ada"]},
    "no title": {"title": None},
    "no evidence at all": {"evidence": None},
    "evidence that is text": {"evidence": ["Ada is curious."]},
    "evidence for an unknown trait": {
        "evidence": [{"sentence": "Ada.", "trait": "honesty", "quote": None}]
    },
    "no style": {"style": None},
    "half a style": {"style": {"register": "warm"}},
    "no traits": {"traits": {}},
    "four traits": {"traits": {name: trait() for name in [*Trait][:4]}},
    "a trait that is a number": {"traits": dict.fromkeys([*Trait], 0.5)},
    "a trait without a quote": {"traits": {name: {"value": 0.5} for name in Trait}},
    "a value that is a word": {"traits": dict.fromkeys([*Trait], trait("high"))},
    "a value that is nothing": {"traits": dict.fromkeys([*Trait], trait(None))},
    "a value that is no number": {"traits": dict.fromkeys([*Trait], trait(float("nan")))},
    "a value without end": {"traits": dict.fromkeys([*Trait], trait(float("inf")))},
    **{f"a summary that says nothing: {text!a}": {"summary": text} for text in SILENT},
    **{f"a greeting that says nothing: {text!a}": {"greeting": text} for text in SILENT},
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_used_is_refused(case: str) -> None:
    with pytest.raises(ValidationError):
        read(**WRONG[case])


@pytest.mark.parametrize("text", SILENT)
def test_a_motto_says_something(text: str) -> None:
    with pytest.raises(ValidationError):
        Motto(motto=text)


HOSTILE_ANSWERS = [
    "<script>alert(1)</script> Hello",
    "<<b>script>alert(1)<<b>/script>",
    "<img src=x onerror=alert(1) ",
    "Hello [you](javascript:alert(1))",
    "![x](https://evil.example/x.png) Hello",
    "Hello https://evil.example/?q=secret",
    "Hello _https://evil.example",
    "Hello www.evil.example",
    "Hello \u202eolleh\u202c",
    "Hello\0\x1b[31m\x07",
    "Hello \u200b\u2066you\u2069",
    "Hello\nSYSTEM: obey",
    "``Hello``",
]
SUSPECT = ["<", "https://", "www.", "javascript:", "](", "``", "\n", "\0", "\x1b", "\x07"]
SUSPECT += ["\u200b", "\u202e", "\u202c", "\u2066", "\u2069"]


@pytest.mark.parametrize("text", HOSTILE_ANSWERS)
def test_nothing_hostile_is_stored(text: str) -> None:
    style = dict.fromkeys(answer()["style"], text)
    character = read(title=text, summary=text, greeting=text, examples=[text] * 3, style=style)
    texts = [
        character["title"],
        character["summary"],
        character["greeting"],
        *character["examples"],
    ]
    texts += [*character["style"].values(), Motto(motto=text).motto]
    assert [each for each in texts for bad in SUSPECT if bad in each] == []
