"""Hostile files as the API meets them: a problem document each, and nothing is kept."""

import json
import os
import zlib

import boto3
import pytest

from chalicelib.personas.cards.parsing import MAX_FILE_BYTES
from local.vendors.control import Control
from tests.client import Api
from tests.personas.cards.exchange import import_file, send
from tests.personas.cards.reader import chunk
from tests.personas.cards.specimens import GOOD, NOT_A_CARD, holding

AT_THE_DOOR = (
    "a wrong check sum",
    "cut in a chunk",
    "a chunk of 2^31",
    "10,000 chunks",
    "two cards of one version",
    "no base64",
    "depth 10,000",
    "NaN",
    "a lone surrogate",
    "NUL",
    "a moving picture",
    "a tail",
    "a picture of 144 MP",
    "version 4",
    "a bomb for a card",
)


@pytest.mark.parametrize("what", AT_THE_DOOR)
def test_a_hostile_file_is_refused_at_the_door(api: Api, what: str) -> None:
    answer = import_file(api, NOT_A_CARD[what])
    assert (answer.status, answer.code, answer.json["errors"]) == (422, "not_a_card", [])


def test_another_kind_of_file_is_told_what_is_wanted(api: Api) -> None:
    answer = import_file(api, b"\xff\xd8\xff\xe0 a photograph")
    assert answer.json["detail"].endswith("it is neither a PNG nor JSON.")


def test_a_picture_that_cannot_be_drawn_is_no_card(api: Api) -> None:
    """Every chunk is whole, and the pixels in them are not."""
    at = GOOD.index(b"IDAT") - 4
    file = GOOD[:at] + chunk(b"IDAT", zlib.compress(b"\0" * 10)) + GOOD[-12:]
    answer = import_file(api, file)
    assert (answer.status, answer.code) == (422, "not_a_card")


@pytest.mark.parametrize("value", ['"\\u0000"', "1e999", "NaN", "[" * 100 + "]" * 100])
def test_a_card_in_the_body_is_held_to_the_same(api: Api, value: str) -> None:
    raw = b'{"card":' + holding(value).encode() + b"}"
    answer = api.request("POST", "/personas/import", raw=raw)
    assert (answer.status, answer.code) == (422, "not_a_card")


@pytest.mark.parametrize("value", ['"\\ud800"', "[" * 10_000 + "]" * 10_000])
def test_a_body_that_is_no_json_is_malformed(api: Api, value: str) -> None:
    raw = b'{"card":' + holding(value).encode() + b"}"
    answer = api.request("POST", "/personas/import", raw=raw)
    assert (answer.status, answer.code) == (400, "malformed")


def test_a_body_of_a_megabyte_is_too_large(api: Api) -> None:
    raw = b'{"card":' + holding(json.dumps("x" * 2**20)).encode() + b"}"
    answer = api.request("POST", "/personas/import", raw=raw)
    assert (answer.status, answer.code) == (413, "payload_too_large")


def test_the_store_takes_no_more_than_ten_megabytes(api: Api) -> None:
    key, status = send(api, b"\0" * (MAX_FILE_BYTES + 1))
    assert status == 400
    assert api.post("/personas/import", {"upload_key": key}).code == "upload_not_found"


def test_a_larger_object_is_not_read(api: Api, ai: Control) -> None:
    """However it came there: the form's limit is the store's to enforce, and this one is ours."""
    key, _ = send(api, b"x")
    bucket = os.environ["MEDIA_BUCKET"]
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=b"\0" * (MAX_FILE_BYTES + 1))
    answer = api.post("/personas/import", {"upload_key": key})
    assert (answer.status, answer.code) == (413, "card_too_large")
