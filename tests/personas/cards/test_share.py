"""The share card: everything on it is said, fits, and does nothing but be looked at."""

import io
import json
import math
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from PIL import Image, ImageChops

from chalicelib.core.models import Persona
from chalicelib.personas.cards.drawing import FAMILIES
from chalicelib.personas.cards.lettering import SERIF
from chalicelib.personas.cards.pictures import rendered, small_jpeg
from chalicelib.personas.cards.radar import LABELS, TRAITS
from chalicelib.personas.cards.share import HEIGHT, WIDTH, share_card
from chalicelib.personas.cards.writing import Exported
from tests.analyses.surveys import ANSWERS, answers_at, collect, open_survey
from tests.client import Api
from tests.conftest import Worker
from tests.personas.cards.exchange import export

SVG = "{http://www.w3.org/2000/svg}"
HARMLESS = {
    "svg",
    "title",
    "desc",
    "linearGradient",
    "stop",
    "rect",
    "image",
    "path",
    "circle",
    "text",
}
HOSTILE = '<script>alert(1)</script>"\'&<![CDATA[ ]]><!--<a href="javascript:x"> \ufffe\x0b'


def traits(**changes: Any) -> dict[str, Any]:
    each = {"estimate": 0.6, "observed": None, "se": 0.1, "quote": None}
    return {"source": "inferred", "basis": "inferred from a description"} | dict.fromkeys(
        TRAITS, each | changes
    )


def drawn(picture: bytes | None = None, **fields: Any) -> str:
    known = {"name": "Ada", "motto": "Stay curious.", "title": None, "traits": traits()} | fields
    return share_card(Exported(Persona(**known), None, None), picture=picture)


def pixels(svg: str) -> Image.Image:
    with Image.open(io.BytesIO(rendered(svg))) as image:
        return image.convert("RGB")


def texts(svg: str) -> list[str]:
    return [each.text or "" for each in ET.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314


def require_inert(svg: str) -> None:
    for element in ET.fromstring(svg).iter():  # noqa: S314
        assert element.tag.removeprefix(SVG) in HARMLESS
        for name, value in element.attrib.items():
            assert not name.lower().startswith("on")
            assert "href" not in name or value.startswith("data:image/jpeg;base64,")
            assert "url(" not in value or re.fullmatch(r"url\(#\w+\)", value)


@pytest.fixture
def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 30, 40)).save(out, "JPEG")
    return small_jpeg(out.getvalue())


def test_it_says_who_what_and_how_it_is_known(picture: bytes) -> None:
    peers = traits(observed=0.84, se=0.06) | {"source": "peer", "basis": "6 friends"}
    archetype = {"name": "The Inventor"}
    svg = drawn(picture, title="The quiet engineer", traits=peers, archetype=archetype)
    said = texts(svg)
    for text in ("Ada", "Stay curious.", "The quiet engineer", "The Inventor", "AI persona"):
        assert text in said
    assert said.count("84 \N{PLUS-MINUS SIGN} 6") == 5
    assert "From what 6 friends answered" in " ".join(said)
    assert "data:image/jpeg;base64," in svg


def test_what_was_not_observed_is_estimated() -> None:
    assert texts(drawn()).count("60 \N{PLUS-MINUS SIGN} 10") == 5
    assert "Inferred from a description" in " ".join(texts(drawn()))


def test_what_too_few_friends_could_say_has_no_score() -> None:
    """What is usual among people is no score of this one; the band is as wide as that is vague."""
    unknown = {"estimate": 0.61, "observed": None, "se": 0.19, "quote": None}
    peers = traits(observed=0.84, se=0.06) | {"source": "peer", "basis": "3 friends"}
    said = texts(drawn(traits=peers | {"conscientiousness": unknown}))
    assert said.count("84 \N{PLUS-MINUS SIGN} 6") == 4
    assert said[said.index("Conscientiousness") + 1] == "too few answers"


def test_the_band_is_as_wide_as_the_margin() -> None:
    """Around the centre, its edges stand as far apart as value and margin say."""
    svg = drawn(traits=traits(estimate=0.5, se=0.1))
    (band,) = re.findall(r'<path d="([^"]+)"[^>]*fill-rule="evenodd"', svg)
    numbers = [float(number) for number in re.findall(r"[\d.]+", band)]
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    middle = (sum(x for x, _ in points) / 10, sum(y for _, y in points) / 10)
    far = [math.dist(point, middle) for point in points]
    for outer, inner in zip(far[:5], far[5:], strict=True):
        assert inner / outer == pytest.approx(0.4 / 0.6, abs=0.01)


def test_without_scores_the_summary_stands_there() -> None:
    said = " ".join(texts(drawn(traits=None, summary="A captain of many seas.")))
    assert "A captain of many seas." in said
    assert "From an imported card" in said
    assert "\N{PLUS-MINUS SIGN}" not in said


@pytest.mark.parametrize("field", ["name", "motto", "title", "summary", "archetype", "basis"])
def test_no_text_becomes_more_than_text(picture: bytes, field: str) -> None:
    fields: dict[str, Any] = {field: HOSTILE}
    if field == "archetype":
        fields = {"archetype": {"name": HOSTILE}}
    elif field == "basis":
        fields = {"traits": traits() | {"basis": HOSTILE}}
    elif field == "summary":
        fields["traits"] = None
    svg = drawn(picture, **fields)
    require_inert(svg)
    assert "alert(1)" in "".join(texts(svg))


LONG = {
    "a word": "Wolfeschlegelsteinhausenbergerdorff" * 3,
    "wide letters": "W" * 140,
    "words": "word " * 28,
    "Chinese": "\u5c71\u7530" * 70,
    "Arabic": "\u0644\u064a\u0644\u0649 " * 28,
    "emoji": "\U0001f600" * 100,
    "marks": "a\u0301" * 70,
    "a ligature": "\ufdfa" * 60,
}


@pytest.mark.parametrize("what", LONG)
def test_a_long_text_stays_inside(what: str) -> None:
    text = LONG[what]
    svg = drawn(name=text[:80], motto=text[:140], title=text[:80], archetype={"name": text[:60]})
    image = pixels(svg)
    for strip in ((0, 700, 12, HEIGHT), (WIDTH - 12, 900, WIDTH, HEIGHT)):
        colours = image.crop(strip).getcolors(4096)
        assert colours is not None
        assert all(max(colour) < 160 for _, colour in colours if isinstance(colour, tuple))
    assert len(texts(svg)) < 40


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Aa", "Bb"),
        ("\u5c71", "\u7530"),
        ("\uc548", "\ub155"),
        ("\u05d0", "\u05d1"),
        ("\u0636", "\u0637"),
        ("\u0416", "\u0429"),
    ],
)
def test_letters_of_many_alphabets_are_drawn(one: str, other: str) -> None:
    """Two that no font has would look alike: as the same empty box."""

    def shown(letter: str) -> Image.Image:
        style = f'y="60" fill="white" font-size="60" font-family="{FAMILIES[SERIF]}"'
        head = '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="80">'
        return pixels(f"{head}<text {style}>{letter}</text></svg>")

    assert ImageChops.difference(shown(one), shown(other)).getbbox() is not None


def test_the_picture_is_the_drawing(api: Api, worker: Worker) -> None:
    persona_id = api.generate("Ada").json["persona_id"]
    worker.work()
    svg = export(api, persona_id, "share_svg").content.decode()
    require_inert(svg)
    assert "Ada" in texts(svg)
    shown = export(api, persona_id, "share_png").content
    with Image.open(io.BytesIO(shown)) as image:
        assert (image.format, image.size) == ("PNG", (WIDTH, HEIGHT))
        assert ImageChops.difference(image.convert("RGB"), pixels(svg)).getbbox() is None


def test_what_friends_answered_stands_on_the_card(api: Api, visitor: Api, worker: Worker) -> None:
    survey = open_survey(api, subject_name="Ada")
    collect(visitor, survey, ANSWERS, answers_at(E=5, A=4, O=5), answers_at(E=4, C=2, N=1))
    persona_id = api.post("/personas/generate", {"analysis_id": survey.id}).json["persona_id"]
    worker.work()
    said = texts(export(api, persona_id, "share_svg").content.decode())
    for name, score in survey.results().json["traits"].items():
        shown = f"{score['observed'] * 100:.0f} \N{PLUS-MINUS SIGN} {score['se'] * 100:.0f}"
        assert said[said.index(LABELS[name]) + 1] == shown
    archetype = api.get(f"/personas/{persona_id}").json["archetype"]["name"]
    assert f"{archetype} From what 3 friends answered" in " ".join(said)
    assert notes(api, persona_id) == (
        "AI persona from what 3 friends answered. It is not the real person."
    )


def test_what_was_inferred_says_so_on_every_card(api: Api, worker: Worker) -> None:
    persona_id = api.generate("Ada", description="Kind and calm.").json["persona_id"]
    worker.work()
    said = texts(export(api, persona_id, "share_svg").content.decode())
    assert len([text for text in said if text.endswith("\N{PLUS-MINUS SIGN} 20")]) == 5
    assert "Inferred from a description" in " ".join(said)
    assert notes(api, persona_id) == (
        "AI persona inferred from a description. It is not the real person."
    )


def notes(api: Api, persona_id: str) -> str:
    card = json.loads(export(api, persona_id, "ccv2_json").content)
    return str(card["data"]["creator_notes"])


def test_two_names_get_two_pictures() -> None:
    assert len({drawn(name=name).split("<text")[0] for name in ("Ada", "Bob", "Cy")}) == 3
