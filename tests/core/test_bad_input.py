"""Bad input gets a clear 4xx, whatever it is and wherever it is put."""

import json
from collections.abc import Iterator
from random import Random
from uuid import uuid4

import pytest

from tests.client import Api
from tests.conftest import Worker
from tests.personas.lives import begin

GOOD = {"name": "Ada", "description": "Curious, calm and kind."}
DEEP = b'{"name":' * 3000 + b"1" + b"}" * 3000

BODIES: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "malformed"),
    "blank": (b"   ", 400, "malformed"),
    "broken": (b'{"name": "Ada"', 400, "malformed"),
    "two documents": (b"{}{}", 400, "malformed"),
    "a comment": (b'{"name": "Ada"} // Ada', 400, "malformed"),
    "deep nesting": (DEEP, 400, "malformed"),
    "deep lists": (b"[" * 30_000 + b"]" * 30_000, 400, "malformed"),
    "no UTF-8": (b'{"name": "\xff\xfe"}', 400, "malformed"),
    "a lone surrogate": (rb'{"name": "\ud800", "description": "x"}', 400, "malformed"),
    "null": (b"null", 422, "invalid"),
    "a list": (b"[]", 422, "invalid"),
    "a number": (b"1", 422, "invalid"),
    "a string": (b'"Ada"', 422, "invalid"),
    "a huge number": (b'{"name": 1e999, "description": "x"}', 422, "invalid"),
    "NaN": (b'{"name": NaN, "description": "x"}', 422, "invalid"),
    "Infinity": (b'{"name": "Ada", "description": Infinity}', 422, "invalid"),
    "over the limit": (b'{"name": "' + b"a" * 65_536 + b'"}', 413, "payload_too_large"),
}

FIELDS: dict[str, tuple[dict[str, object], str]] = {
    "no name": ({"name": None}, "name"),
    "an empty name": ({"name": ""}, "name"),
    "a blank name": ({"name": " \t "}, "name"),
    "a name that is too long": ({"name": "a" * 81}, "name"),
    "a name that is a number": ({"name": 5}, "name"),
    "a name that is a list": ({"name": ["Ada"]}, "name"),
    "NUL in the name": ({"name": "A\0da"}, "name"),
    "an invisible name": ({"name": "\u200b\u2800"}, "name"),
    "a name that turns the text around": ({"name": "\u202egnp.exe"}, "name"),
    "a line break in the name": ({"name": "A\nda"}, "name"),
    "an escape in the name": ({"name": "A\x1b[31mda"}, "name"),
    "NUL in the description": ({"description": "kind\0"}, "description"),
    "a description that is too long": ({"description": "a" * 4001}, "description"),
    "a description that is an object": ({"description": {"a": 1}}, "description"),
    "an unknown tone": ({"motto_tone": "furious"}, "motto_tone"),
    "an unknown model": ({"image_model": "midjourney"}, "image_model"),
    "an unknown visibility": ({"visibility": "everybody"}, "visibility"),
    "a force that is no truth value": ({"force": "perhaps"}, "force"),
    "an unknown field": ({"owner_id": str(uuid4())}, "owner_id"),
    "another unknown field": ({"generation_status": "ready"}, "generation_status"),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_bad_body_is_explained(api: Api, case: str) -> None:
    raw, status, code = BODIES[case]
    answer = api.request("POST", "/personas/generate", raw=raw)
    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize("case", FIELDS)
def test_a_bad_field_is_named(api: Api, case: str) -> None:
    fields, name = FIELDS[case]
    answer = api.post("/personas/generate", GOOD | fields)
    assert (answer.status, answer.code) == (422, "invalid")
    assert [error["loc"] for error in answer.json["errors"]] == [[name]]


@pytest.mark.parametrize(
    "name",
    ["\ufdfa" * 80, "\u0958" * 80, "\u0958" * 40, "\u0390" * 80, "\u00df" * 80, "\U0001f600" * 80],
)
def test_a_name_that_grows_when_it_is_normalised_is_our_business(api: Api, name: str) -> None:
    answer = api.post("/personas/generate", GOOD | {"name": name})
    assert answer.status in {202, 422}, answer
    assert api.patch("/auth/me", {"display_name": name}).status in {200, 422}


def test_a_message_is_about_characters(api: Api) -> None:
    answer = api.post("/personas/generate", GOOD | {"name": "a" * 81})
    assert answer.json["errors"][0]["msg"] == "must have at most 80 characters"


def test_what_was_sent_is_not_echoed(api: Api) -> None:
    answer = api.post("/personas/generate", GOOD | {"motto_tone": "my secret wish"})
    assert "my secret wish" not in answer.text


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", ""])
def test_another_content_type_is_refused(api: Api, kind: str) -> None:
    answer = api.post("/personas/generate", GOOD, content_type=kind)
    assert (answer.status, answer.code) == (415, "unsupported_media_type")


def test_a_charset_is_no_other_content_type(api: Api) -> None:
    answer = api.post("/personas/generate", GOOD, content_type="Application/JSON; charset=utf-8")
    assert answer.status == 202


@pytest.mark.parametrize(
    "path",
    [
        *("/jobs/{}", "/personas/{}", "/personas/{}/image", "/personas/{}/images"),
        "/analyses/{}/results",
    ],
)
@pytest.mark.parametrize("bad", ["nonsense", "1", "%00", "' OR 1=1 --", "a" * 500, "\u0660" * 36])
def test_an_id_that_is_no_uuid_is_explained(api: Api, path: str, bad: str) -> None:
    answer = api.get(path.format(bad))
    assert (answer.status, answer.code) == (422, "invalid")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=many", "cursor=x", "status=done", "colour=red"]
)
def test_a_bad_query_is_explained(api: Api, query: str) -> None:
    answer = api.get(f"/jobs?{query}")
    assert (answer.status, answer.code) == (422, "invalid")
    assert answer.json["errors"][0]["loc"] == ["query", query.partition("=")[0]]


@pytest.mark.parametrize(
    "path",
    ["/jobs?kind=", "/personas?name=", "/jobs?limit=", "/jobs?cursor=", "/analyses?cursor="],
)
@pytest.mark.parametrize(
    "bad", ["%00", "a" * 500, "%ED%A0%80", "%FF", "%0A", "%1B%5B31m", "", "%20"]
)
def test_a_spoilt_query_is_explained(api: Api, path: str, bad: str) -> None:
    answer = api.get(path + bad)
    assert answer.status in {200, 422}, answer
    assert answer.status == 200 or answer.code == "invalid"


def _values() -> Iterator[object]:
    yield from (
        None,
        True,
        0,
        -1,
        2**31,
        2**63,
        1e308,
        "",
        "\0",
        "a" * 10_000,
        [],
        {},
        [[]],
        {"": 0},
    )
    yield from ("\u202e", "\ufeff", "\U0010ffff", "😀" * 81, "'; DROP TABLE users; --", "{{7*7}}")


WRITES = {
    "/auth/google-login": ["token", "provider", "nonce"],
    "/auth/refresh": ["refresh_token"],
    "/auth/logout": ["refresh_token", "everywhere"],
    "/personas/generate": [*GOOD, "motto_tone", "image_model", "force", "visibility"],
    "/analyses": ["subject_name", "min_responses", "expires_in_days", "language"],
    "/analyses/nonsense/responses": [
        *("respondent_token", "answers", "relation", "familiarity", "free_text"),
    ],
}


@pytest.mark.parametrize("path", WRITES)
def test_no_value_in_any_field_is_our_fault(api: Api, path: str) -> None:
    for field in WRITES[path]:
        for value in _values():
            answer = api.post(path, {field: value})
            assert answer.status < 500, (field, value, answer)


def test_no_value_in_my_settings_is_our_fault(api: Api) -> None:
    for field in ("display_name", "locale", "timezone", "primary_persona_id", "role", "id"):
        for value in _values():
            answer = api.patch("/auth/me", {field: value})
            assert answer.status < 500, (field, value, answer)


@pytest.mark.parametrize(
    ("part", "field"),
    [
        *[("", field) for field in ("name", "visibility", "motto", "greeting", "current_image_id")],
        *[("/images", field) for field in ("image_model", "prompt")],
        ("/motto", "tone"),
    ],
)
def test_no_value_in_a_persona_is_our_fault(
    api: Api, worker: Worker, part: str, field: str
) -> None:
    life = begin(api, worker)
    for value in _values():
        if part:
            answer = api.post(life.path + part, {field: value})
        else:
            answer = api.patch(life.path, {field: value}, if_match="*")
        assert answer.status < 500, (field, value, answer)


@pytest.mark.parametrize("header", ["\0", "a" * 5000, '"' * 999, ",,,,", "*, *", '"\u00e9"', "W/"])
def test_no_precondition_is_our_fault(api: Api, worker: Worker, header: str) -> None:
    life = begin(api, worker)
    assert api.patch(life.path, {"motto": "x"}, if_match=header).status in {200, 412}
    assert api.delete(life.path, if_match=header).status in {204, 412}


def test_a_thousand_spoilt_bodies_are_refused_or_taken(api: Api) -> None:
    good = json.dumps(GOOD | {"motto_tone": "neutral"}).encode()
    random = Random(11)  # noqa: S311 - the same bytes each time
    for _ in range(1000):
        spoilt = bytearray(good)
        for _ in range(random.randint(1, 6)):
            spoilt[random.randrange(len(spoilt))] = random.randrange(256)
        answer = api.request("POST", "/personas/generate", raw=bytes(spoilt))
        assert answer.status in {200, 202, 400, 422}, (spoilt, answer)
