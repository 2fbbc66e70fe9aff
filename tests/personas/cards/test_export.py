"""A persona taken away as a file: what another program finds in it."""

import hashlib
import io
import json
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from PIL import Image

from local.vendors.control import Control
from tests.client import Api
from tests.conftest import Worker
from tests.personas.cards.exchange import export
from tests.personas.cards.reader import cards_behind_the_header, chunks_of, validate_v2, validate_v3

FORMATS = {
    "ccv2_json": ("application/json", "ada-lovelace.v2.json"),
    "ccv3_json": ("application/json", "ada-lovelace.v3.json"),
    "card_png": ("image/png", "ada-lovelace.card.png"),
    "share_svg": ("image/svg+xml", "ada-lovelace.share.svg"),
    "share_png": ("image/png", "ada-lovelace.share.png"),
}


@pytest.fixture
def ada(api: Api, worker: Worker) -> str:
    persona_id: str = api.generate("Ada Lovelace").json["persona_id"]
    worker.work()
    return persona_id


@pytest.mark.parametrize("wanted", FORMATS)
def test_a_file_is_served_as_what_it_is(api: Api, ada: str, wanted: str) -> None:
    mime, filename = FORMATS[wanted]
    file = export(api, ada, wanted)
    assert (file.told["mime"], file.told["filename"], file.told["expires_in"]) == (
        mime,
        filename,
        60,
    )
    assert file.headers["content-type"] == mime
    assert file.headers["content-disposition"] == f'attachment; filename="{filename}"'
    assert file.told["sha256"] == hashlib.sha256(file.content).hexdigest()


def test_a_link_is_for_one_minute_one_object_and_reading_alone(api: Api, ada: str) -> None:
    url = export(api, ada, "ccv2_json").told["download_url"]
    parts = urlsplit(url)
    assert parse_qs(parts.query)["X-Amz-Expires"] == ["60"]
    assert "/exports/" in parts.path
    assert len(parts.path.split("/")[-2]) == 43
    assert requests.get(url.replace("Expires=60", "Expires=600"), timeout=5).status_code == 403
    assert requests.put(url, data=b"mine", timeout=5).status_code == 403
    assert requests.get(url.partition("?")[0], timeout=5).status_code == 403


def test_two_exports_do_not_share_a_key(api: Api, ada: str) -> None:
    paths = {urlsplit(export(api, ada, "ccv2_json").told["download_url"]).path for _ in range(2)}
    assert len(paths) == 2


def test_a_card_of_version_2_keeps_to_its_specification(api: Api, ada: str) -> None:
    persona = api.get(f"/personas/{ada}").json
    data = validate_v2(json.loads(export(api, ada, "ccv2_json").content))
    assert (data["name"], data["first_mes"]) == ("Ada Lovelace", persona["greeting"])
    assert data["description"] == persona["summary"]
    assert data["creator_notes"].startswith("AI persona inferred from a description.")
    assert data["system_prompt"] == persona["system_prompt"]
    assert data["mes_example"].count("<START>\n{{char}}: ") == len(persona["examples"])
    assert all(line in data["mes_example"] for line in persona["examples"])
    assert (data["character_version"], data["post_history_instructions"]) == ("1", "")


def test_a_card_holds_all_that_is_ours(api: Api, ada: str) -> None:
    persona = api.get(f"/personas/{ada}").json
    data = validate_v3(json.loads(export(api, ada, "ccv3_json").content))
    block = data["extensions"]["persona_ai"]
    same = ("name", "motto", "motto_tone", "summary", "greeting", "examples", "style", "source")
    assert {name: block[name] for name in same} == {name: persona[name] for name in same}
    assert block["basis"] == "inferred from a description"
    for trait in ("openness", "emotional_stability"):
        assert block["traits"][trait]["estimate"] == persona["traits"][trait]["estimate"]
    assert "description" not in block


def test_a_picture_holds_both_versions_behind_its_header(api: Api, ada: str) -> None:
    file = export(api, ada, "card_png").content
    cards = cards_behind_the_header(file)
    assert list(cards) == ["chara", "ccv3"]
    validate_v2(cards["chara"])
    assert validate_v3(cards["ccv3"])["assets"][0]["uri"] == "ccdefault:"
    with Image.open(io.BytesIO(file)) as image:
        image.load()
        assert (image.format, image.size) == ("PNG", (1024, 1024))


def test_a_persona_without_a_portrait_gets_a_drawn_picture(
    api: Api, worker: Worker, ai: Control
) -> None:
    ai.fail("image", "model_not_found", contains="Nobody Drawn")
    ai.fail("prediction", "failed", contains="Nobody Drawn")
    persona_id = api.generate("Nobody Drawn").json["persona_id"]
    worker.work()
    assert api.get(f"/personas/{persona_id}").json["image"] is None
    file = export(api, persona_id, "card_png").content
    assert list(cards_behind_the_header(file)) == ["chara", "ccv3"]
    assert "tEXt" not in [kind for kind, _ in chunks_of(file)][3:]
    with Image.open(io.BytesIO(file)) as image:
        colours = image.convert("RGB").getcolors(2**24)
    assert colours is not None
    assert len(colours) > 50


def test_before_it_is_made_there_is_nothing_to_export(api: Api, worker: Worker) -> None:
    persona_id = api.generate().json["persona_id"]
    answer = api.post(f"/personas/{persona_id}/export", {"format": "card_png"})
    assert (answer.status, answer.code) == (409, "persona_not_ready")


def test_only_the_owner_exports_even_what_all_may_see(
    api: Api, stranger: Api, worker: Worker
) -> None:
    persona_id = api.generate("Ada", visibility="public").json["persona_id"]
    worker.work()
    answer = stranger.post(f"/personas/{persona_id}/export", {"format": "share_svg"})
    assert (answer.status, answer.code) == (404, "persona_not_found")


@pytest.mark.parametrize("wanted", ["pdf", None, 1, ["ccv2_json"]])
def test_an_unknown_format_is_refused(api: Api, ada: str, wanted: object) -> None:
    answer = api.post(f"/personas/{ada}/export", {"format": wanted})
    assert (answer.status, answer.code) == (422, "invalid")
