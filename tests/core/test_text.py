"""What people send is kept as they meant it; what a model wrote becomes plain text."""

import re
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from chalicelib.core.text import Line, Prose, plain
from chalicelib.personas.services import KEY_LENGTH, name_key

LINE: TypeAdapter[str] = TypeAdapter(Line)
PROSE: TypeAdapter[str] = TypeAdapter(Prose)

UNHURRIED = settings(deadline=None)
ANYTHING = st.text(max_size=80)
MARKS = [*"<>[]()!*_#`/:.'\" \n\t", "b>", "<script>", "</", "<!--", "](", "![", "``", "**"]
ADDRESSES = ["a", "www.", "WWW.", "https://", "http:", "//", "ftp://x", "data:", "mailto:"]
UNSEEN = list("\u200b\u202e\u2066\ufeff\0\x1b\u0301\u1fef\u2028\ud800")
PIECES = st.sampled_from([*MARKS, *ADDRESSES, *UNSEEN])
HOSTILE = st.lists(PIECES | st.characters(), max_size=30).map("".join)

LONGEST_ANSWER = 8000
"""Characters: more than the tokens that a model may write."""

TAG = re.compile(r"<[a-z/!?][^<>]*>", re.IGNORECASE)
OPENED = re.compile(r"<[a-z/!?]", re.IGNORECASE)
LINK = re.compile(r"\[[^\[\]]*\]\([^)]*\)")
EMPHASIS = re.compile(r"[`*_#]{2,}")
ADDRESS = re.compile(
    r"://|(?<![a-z])www\.|(?<![a-z])(?:javascript|vbscript|data|mailto):\S", re.IGNORECASE
)


def is_plain(text: str) -> bool:
    """Whether there is nothing in it but text on one line."""
    is_visible = not any(unicodedata.category(each)[0] == "C" for each in text)
    is_squeezed = text == " ".join(text.split())
    is_bare = not any(each.search(text) for each in (TAG, OPENED, LINK, EMPHASIS, ADDRESS))
    return is_visible and is_squeezed and is_bare


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Curious, calm & kind - 100 % so.", "Curious, calm & kind - 100 % so."),
        ("I <3 you; 2 < 3 > 1", "I <3 you; 2 < 3 > 1"),
        ("caf\u00e9 \u65e5\u672c \U0001f600", "caf\u00e9 \u65e5\u672c \U0001f600"),
        ("cafe\u0301", "caf\u00e9"),
        ("one\n\n two\tthree\u00a0four", "one two three four"),
        ("**Bold** and __more__ ## so", "Bold and more so"),
        ("<b>Bold</b> <br/>words", "Bold words"),
        ("see [my page](https://evil.example/x)!", "see my page!"),
        ("![a picture](https://evil.example/x.png)", "a picture"),
        ("go to https://evil.example/x?y#z now", "go to now"),
        ("go to WWW.evil.example now", "go to now"),
        ("<https://evil.example>", ""),
        ("", ""),
        (" \n ", ""),
    ],
)
def test_markup_and_addresses_go_and_words_stay(written: str, kept: str) -> None:
    assert plain(written, limit=100) == kept


@pytest.mark.parametrize(
    "written",
    [
        "<<b>script>alert(1)<<b>/script>",
        "<<<b>b>script>",
        "<img src=x onerror=alert(1) ",
        "text <script",
        "<!-- a comment",
        "</p",
        "<b\n>",
        "`<b>`code`<b>`",
        "*<b>*bold*<b>*",
        "\u1fef\u1fefcode\u1fef\u1fef",
        "[a [b](c)](d)",
        "[[a](b)](https://evil.example)",
        "![![a](b)](c)",
        "[<b>x](y)",
        "_https://evil.example/x",
        "1https://evil.example/x",
        "\u00e9https://evil.example/x",
        "https:// evil.example",
        "ht<b>tps://evil.example/x",
        "ht\u200btps://evil.example/x",
        "https:\u200b//evil.example/x",
        "http[](x)s://evil.example",
        "w<b>ww.evil.example",
        "_www.evil.example",
        "x://y",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "mailto:ada@example.com",
        "\u202eevil\u202c",
        "a\u2066b\u2069",
        "a\u200bb\ufeffc\u00add",
        "a\0b\x1b[31mc\x7f",
        "a\u2028b\u2029c",
        "\ud800",
        "\U000e0041\U000e0042",
        "\ue000\U0010ffff",
    ],
)
def test_nothing_hides_in_what_a_model_wrote(written: str) -> None:
    assert is_plain(plain(written, limit=100)), plain(written, limit=100)


@UNHURRIED
@given(HOSTILE)
def test_whatever_was_written_only_plain_text_is_left(written: str) -> None:
    assert is_plain(plain(written, limit=200))


@UNHURRIED
@given(HOSTILE, st.integers(min_value=1, max_value=40))
def test_it_is_as_long_as_the_limit_at_most_and_normalised(written: str, limit: int) -> None:
    text = plain(written, limit=limit)
    assert len(text) <= limit
    assert text == unicodedata.normalize("NFC", text)


@UNHURRIED
@given(HOSTILE, st.integers(min_value=1, max_value=40))
def test_plain_text_stays_as_it_is(written: str, limit: int) -> None:
    once = plain(written, limit=limit)
    assert plain(once, limit=limit) == once


@pytest.mark.parametrize(
    "piece", ["<", "[", "<b", "<<b>", "[a](", "![", "`", "a:", "http", "://", "a"]
)
def test_a_long_answer_takes_little_more_than_its_length(piece: str) -> None:
    """Eight times the length takes eight times as long; of what is quadratic it would be 64."""
    short, long = (_seconds(piece, length) for length in (LONGEST_ANSWER, 8 * LONGEST_ANSWER))
    assert long < 24 * max(short, 0.001)


def _seconds(piece: str, length: int) -> float:
    """Count the processor's time, the least of three: others work here, too."""
    text = (piece * length)[:length]

    def once() -> float:
        began = time.thread_time()
        assert is_plain(plain(text, limit=600))
        return time.thread_time() - began

    return min(once() for _ in range(3))


def test_a_long_text_is_cut_between_words() -> None:
    text = plain("Curious, calm, kind, and never tired of asking.", limit=20)
    assert text == "Curious, calm\u2026"


def test_a_long_word_is_cut_where_it_has_to_be() -> None:
    assert plain("a" * 100, limit=10) == "a" * 9 + "\u2026"


CONTROLS = [chr(code) for code in (*range(9), 11, 12, *range(14, 32), *range(0x7F, 0xA0))]
OVERRIDES = list("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@pytest.mark.parametrize("character", [*CONTROLS, *OVERRIDES, "\ud800"], ids=ascii)
def test_no_text_holds_a_control_character(character: str) -> None:
    for kind in (LINE, PROSE):
        with pytest.raises(ValidationError):
            kind.validate_python(f"A{character}da")


@pytest.mark.parametrize("character", ["\n", "\r", "\t", "\u2028", "\u2029"], ids=ascii)
def test_only_prose_has_more_than_one_line(character: str) -> None:
    assert PROSE.validate_python(f"A{character}da") == f"A{character}da"
    with pytest.raises(ValidationError):
        LINE.validate_python(f"A{character}da")


@pytest.mark.parametrize(
    "blank", ["", " ", "\n", "\u00a0", "\u2003", "\u200b", "\ufeff", "\u00ad", "\u3164", "\u0301"]
)
def test_a_text_shows_something(blank: str) -> None:
    for kind in (LINE, PROSE):
        with pytest.raises(ValidationError):
            kind.validate_python(blank)


@pytest.mark.parametrize(
    "name",
    [
        "Ada",
        "O'Brien",
        "Anne-Marie",
        "<Ada> & Co.",
        "\u674e\u96f7",
        "\u0645\u062d\u0645\u062f",
        "\u0928\u094d\u200d\u0926",
        "N\u0303",
        "\U0001f469\u200d\U0001f4bb",
    ],
)
def test_a_name_is_anybodys_name(name: str) -> None:
    assert LINE.validate_python(f" {name}\n") == unicodedata.normalize("NFC", name)


@UNHURRIED
@given(ANYTHING)
def test_a_line_is_one_visible_normalised_line(text: str) -> None:
    try:
        line = LINE.validate_python(text)
    except ValidationError:
        return
    assert len(line.splitlines()) == 1
    assert line == line.strip() == unicodedata.normalize("NFC", line)
    assert not any(unicodedata.category(each) in {"Cc", "Cs"} for each in line)
    assert LINE.validate_python(line) == line


@UNHURRIED
@given(ANYTHING)
def test_prose_is_visible_and_normalised(text: str) -> None:
    try:
        prose = PROSE.validate_python(text)
    except ValidationError:
        return
    assert prose == unicodedata.normalize("NFC", prose)
    assert not set(prose) & set(CONTROLS)
    assert PROSE.validate_python(prose) == prose


@UNHURRIED
@given(ANYTHING)
def test_what_is_refused_is_not_repeated(text: str) -> None:
    """The message may name a character by its number; a client has the text already."""
    for kind in (LINE, PROSE):
        try:
            kind.validate_python(text)
        except ValidationError as error:
            [detail] = error.errors(include_input=False, include_url=False)
            assert detail["msg"].isascii()


@UNHURRIED
@given(ANYTHING)
def test_a_folded_name_is_folded(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)
    assert len(name_key(name)) <= KEY_LENGTH


@UNHURRIED
@given(ANYTHING)
def test_case_width_and_spaces_do_not_tell_names_apart(name: str) -> None:
    assert name_key(f"  {name}\t") == name_key(name)
    assert name_key(name.replace(" ", " \u3000 ")) == name_key(name)
    assert name_key(unicodedata.normalize("NFD", name)) == name_key(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada", "ADA"),
        ("Ada", "\uff21\uff24\uff21"),
        ("Stra\u00dfe", "STRASSE"),
        ("\u00df\u0301", "SS\u0301"),
        (
            "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2",
            "\u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3",
        ),
        ("\ufb01nn", "Finn"),
        ("Zo\u00eb", "Zoe\u0308"),
    ],
)
def test_two_spellings_of_a_name_are_one(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize("before", range(18))
def test_a_key_that_is_cut_is_folded_too(before: int) -> None:
    key = name_key("a" * before + "\ufdfa" * 20)
    assert name_key(key) == key


def test_letters_that_only_a_machine_reads_are_refused() -> None:
    for adapter in (LINE, PROSE):
        with pytest.raises(ValidationError, match="U\\+E0041"):
            adapter.validate_python("Ada\U000e0041\U000e0042")
