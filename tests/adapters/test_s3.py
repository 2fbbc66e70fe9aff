"""The image store: what is put stays, what is signed expires, and an outage is called one."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import boto3
import pytest
import requests

from chalicelib.adapters.s3 import S3Objects, StoreUnavailable
from chalicelib.core.errors import Unavailable
from chalicelib.core.ports import ObjectExists, ObjectMissing, ObjectTooLarge, SignedUpload
from local.stack import Stack
from tests.adapters.aws import aws_at, aws_in_process
from tests.adapters.wire import Answer, Wire, listening, said

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CreateBucketConfigurationTypeDef

MIME = "image/jpeg"


@pytest.fixture(scope="module")
def objects(stack: Stack) -> S3Objects:
    """The stack's own store."""
    return S3Objects(stack.env["MEDIA_BUCKET"])


@pytest.fixture
def key() -> str:
    return f"images/{uuid4()}/portrait.jpg"


def test_what_was_put_is_read(objects: S3Objects, key: str) -> None:
    content = bytes(range(256)) * 100
    objects.put_new(key, content, mime=MIME)
    assert objects.read(key) == content


def test_what_is_there_is_not_replaced(objects: S3Objects, key: str) -> None:
    objects.put_new(key, b"the first", mime=MIME)
    with pytest.raises(ObjectExists):
        objects.put_new(key, b"the second", mime=MIME)
    assert objects.read(key) == b"the first"


def test_what_is_deleted_is_gone_and_may_be_deleted_again(objects: S3Objects, key: str) -> None:
    keys = [f"{key}{number}" for number in range(3)]
    for each in keys:
        objects.put_new(each, b"a picture", mime=MIME)
    for _ in range(2):
        objects.delete([*keys[:2], "images/never there.jpg"])
    for each in keys[:2]:
        with pytest.raises(ObjectMissing):
            objects.read(each)
    assert objects.read(keys[2]) == b"a picture"


@pytest.mark.parametrize("missing", ["images/nothing.jpg", "images/", "a b/\u00e9?#%.jpg"])
def test_nothing_under_a_key_is_said_to_be_missing(objects: S3Objects, missing: str) -> None:
    with pytest.raises(ObjectMissing):
        objects.read(missing)


def test_a_signed_url_serves_the_picture_as_a_picture(objects: S3Objects, key: str) -> None:
    objects.put_new(key, b"a picture", mime=MIME)
    answer = requests.get(objects.sign(key).url, timeout=5)
    assert (answer.status_code, answer.content) == (200, b"a picture")
    assert answer.headers["Content-Type"] == MIME


def test_a_signed_url_is_for_one_minute_in_the_fourth_version(objects: S3Objects, key: str) -> None:
    before = datetime.now(UTC)
    signed = objects.sign(key)
    parts = urlsplit(signed.url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert query["X-Amz-Expires"] == "60"
    assert query["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert len(query["X-Amz-Signature"]) == 64
    assert query["X-Amz-SignedHeaders"] == "host"
    assert parts.path.endswith(f"/{key}")
    assert timedelta(0) <= signed.expires_at - before - timedelta(seconds=60) < timedelta(seconds=5)


def test_a_signed_url_is_for_reading_this_object_alone(objects: S3Objects, key: str) -> None:
    objects.put_new(key, b"a picture", mime=MIME)
    objects.put_new(f"{key}2", b"another", mime=MIME)
    url = objects.sign(key).url
    assert requests.put(url, data=b"mine", timeout=5).status_code == 403
    assert requests.delete(url, timeout=5).status_code == 403
    assert requests.get(url.replace(key, f"{key}2"), timeout=5).status_code == 403
    assert requests.get(url.replace("Expires=60", "Expires=6000"), timeout=5).status_code == 403
    assert objects.read(key) == b"a picture"


def test_without_a_signature_nothing_is_served(objects: S3Objects, key: str) -> None:
    objects.put_new(key, b"a picture", mime=MIME)
    bare, _, _ = objects.sign(key).url.partition("?")
    assert requests.get(bare, timeout=5).status_code == 403


def test_a_file_is_saved_and_not_shown(objects: S3Objects, key: str) -> None:
    objects.put_new(key, b"<svg/>", mime="image/svg+xml", filename="ada.svg")
    answer = requests.get(objects.sign(key).url, timeout=5)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="ada.svg"'


def test_what_is_small_is_read_and_what_is_larger_is_not(objects: S3Objects, key: str) -> None:
    objects.put_new(key, b"12345", mime=MIME)
    assert objects.read_small(key, max_bytes=5) == b"12345"
    with pytest.raises(ObjectTooLarge):
        objects.read_small(key, max_bytes=4)
    with pytest.raises(ObjectMissing):
        objects.read_small(f"{key}2", max_bytes=4)


def send(form: SignedUpload, content: bytes, **changes: str) -> int:
    fields = {**form.fields, **changes}
    return requests.post(form.url, data=fields, files={"file": content}, timeout=5).status_code


def test_a_form_takes_one_object_of_its_size(objects: S3Objects, key: str) -> None:
    form = objects.sign_upload(key, max_bytes=5)
    assert form.expires_in == 300
    assert send(form, b"123456") == 400
    assert send(form, b"") == 400
    assert send(form, b"12345") == 204
    assert objects.read(key) == b"12345"
    answer = requests.get(objects.sign(key).url, timeout=5)
    assert answer.headers["Content-Type"] == "application/octet-stream"


def test_a_form_is_for_nothing_else(objects: S3Objects, key: str) -> None:
    form = objects.sign_upload(key, max_bytes=5)
    assert send(form, b"12345", key=f"{key}2") == 403
    assert send(form, b"12345", **{"Content-Type": "text/html"}) == 403
    assert send(form, b"12345", policy=form.fields["policy"][:-8] + "AAAAAAA=") >= 400
    assert send(form, b"12345", **{"x-amz-signature": "0" * 64}) == 403
    with pytest.raises(ObjectMissing):
        objects.read(key)


def test_signing_asks_nobody() -> None:
    with aws_at("http://127.0.0.1:9"):
        assert S3Objects("media").sign("x.jpg").url.startswith("http://127.0.0.1:9/media/x.jpg?")


def test_nobody_listening_is_an_outage_within_seconds() -> None:
    began = time.monotonic()
    with aws_at("http://127.0.0.1:9"):
        objects = S3Objects("media")
        with pytest.raises(StoreUnavailable):
            objects.put_new("x.jpg", b"x", mime=MIME)
        with pytest.raises(StoreUnavailable):
            objects.read("x.jpg")
        with pytest.raises(StoreUnavailable):
            objects.delete(["x.jpg"])
    assert time.monotonic() - began < 5
    assert issubclass(StoreUnavailable, Unavailable)


def test_moto_says_what_the_stack_says() -> None:
    with aws_in_process():
        where: CreateBucketConfigurationTypeDef = {"LocationConstraint": "eu-north-1"}
        boto3.client("s3").create_bucket(Bucket="media", CreateBucketConfiguration=where)
        objects = S3Objects("media")
        with pytest.raises(ObjectMissing):
            objects.read("x.jpg")
        objects.put_new("x.jpg", b"the first", mime=MIME)
        with pytest.raises(ObjectExists):
            objects.put_new("x.jpg", b"the second", mime=MIME)
        assert objects.read("x.jpg") == b"the first"


def test_a_bucket_that_is_not_there_is_an_outage_not_a_missing_object() -> None:
    """It is our mistake, and a worker must not draw a conclusion about the object from it."""
    with aws_in_process():
        objects = S3Objects("no-such-bucket")
        with pytest.raises(StoreUnavailable):
            objects.read("x.jpg")
        with pytest.raises(StoreUnavailable):
            objects.put_new("x.jpg", b"x", mime=MIME)


def _refusal(status: int, code: str) -> Answer:
    body = f"<Error><Code>{code}</Code><Message>No.</Message></Error>".encode()
    return said(body, status=f"{status} No", headers="Content-Type: application/xml\r\n")


PASSING = [
    (400, "RequestTimeout"),
    (400, "ExpiredToken"),
    (403, "AccessDenied"),
    (403, "InvalidAccessKeyId"),
    (403, "RequestTimeTooSkewed"),
    (403, "SignatureDoesNotMatch"),
    (404, "NoSuchBucket"),
    (409, "ConditionalRequestConflict"),
    (409, "OperationAborted"),
    (500, "InternalError"),
    (503, "SlowDown"),
    (418, "SomethingNew"),
]


@pytest.fixture(scope="module")
def _odd() -> Iterator[tuple[Wire, S3Objects]]:
    with listening(said(b"")) as wire, aws_at(wire.url):
        yield wire, S3Objects("media")


@pytest.fixture
def wire(_odd: tuple[Wire, S3Objects]) -> Wire:
    return _odd[0].forget()


@pytest.fixture
def misled(_odd: tuple[Wire, S3Objects]) -> S3Objects:
    """A store whose server says what a test tells it to."""
    return _odd[1]


@pytest.mark.parametrize(("status", "code"), PASSING)
def test_an_error_that_may_pass_is_an_outage(
    wire: Wire, misled: S3Objects, status: int, code: str
) -> None:
    wire.answer = _refusal(status, code)
    with pytest.raises(StoreUnavailable):
        misled.read("x.jpg")
    assert len(wire.requests) <= 2


@pytest.mark.parametrize(
    ("status", "code"), [(403, "AccessDenied"), (409, "ConditionalRequestConflict")]
)
def test_a_put_that_is_refused_is_an_outage(
    wire: Wire, misled: S3Objects, status: int, code: str
) -> None:
    wire.answer = _refusal(status, code)
    with pytest.raises(StoreUnavailable):
        misled.put_new("x.jpg", b"x", mime=MIME)


@pytest.mark.parametrize("body", [b"", b"<html>", b"<Error></Error>"])
def test_an_error_without_a_code_is_an_outage(wire: Wire, misled: S3Objects, body: bytes) -> None:
    wire.answer = said(body, status="403 No")
    with pytest.raises(StoreUnavailable):
        misled.read("x.jpg")


@pytest.mark.parametrize(
    "answer", [_refusal(412, "PreconditionFailed"), said(b"", status="412 No")]
)
def test_a_failed_precondition_says_that_the_object_exists(
    wire: Wire, misled: S3Objects, answer: Answer
) -> None:
    wire.answer = answer
    with pytest.raises(ObjectExists):
        misled.put_new("x.jpg", b"x", mime=MIME)
    assert "If-None-Match: *" in wire.requests[0].splitlines()


def test_an_object_that_breaks_off_is_an_outage(wire: Wire, misled: S3Objects) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    wire.answer = lambda connection: connection.sendall(head + b"half")
    with pytest.raises(StoreUnavailable):
        misled.read("x.jpg")


def test_nonsense_is_an_outage(wire: Wire, misled: S3Objects) -> None:
    wire.answer = lambda connection: connection.sendall(b"nonsense\r\n\r\n")
    with pytest.raises(StoreUnavailable):
        misled.read("x.jpg")


def test_a_deletion_that_leaves_one_object_behind_is_an_outage(
    wire: Wire, misled: S3Objects
) -> None:
    refused = b"<Error><Key>b.jpg</Key><Code>InternalError</Code><Message>No.</Message></Error>"
    body = b"<DeleteResult>" + refused + b"</DeleteResult>"
    wire.answer = said(body, headers="Content-Type: application/xml\r\n")
    with pytest.raises(StoreUnavailable):
        misled.delete(["a.jpg", "b.jpg"])
