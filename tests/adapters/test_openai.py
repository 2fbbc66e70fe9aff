"""What OpenAI can do to a call, through the real SDK, and what the application makes of it."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from openai import OpenAI
from pydantic import SecretStr

from chalicelib.adapters.openai import OpenAiImages, OpenAiText, connect
from chalicelib.core.errors import DomainError
from chalicelib.core.ports import (
    AnswerUnusable,
    ContentRefused,
    ImageRejected,
    VendorRejected,
    VendorUnavailable,
)
from chalicelib.personas.generation import (
    DescribedCharacter,
    described_prompt,
    portrait_prompt,
)
from chalicelib.personas.portraits import Portrait, redraw
from local.stack import Stack
from local.vendors.control import Control
from local.vendors.faults import KINDS
from tests.adapters.wire import Answer, Wire, listening, said, said_json

OURS = {"text", "moderation", "image"}
TRANSLATED = (VendorUnavailable, VendorRejected, ContentRefused)


@dataclass(frozen=True)
class Engines:
    """Everything that is asked of OpenAI, as the worker asks it."""

    client: OpenAI

    def call(self, operation: str, word: str) -> object:
        calls = {"text": self.write, "moderation": self.moderate, "image": self.draw}
        return calls[operation](word)

    def write(self, word: str) -> DescribedCharacter:
        prompt = described_prompt(name=word, description=f"{word} is curious, calm and kind.")
        return self._text().answer(prompt, DescribedCharacter).value

    def moderate(self, word: str) -> None:
        self._text().moderate(word)

    def draw(self, word: str) -> Portrait:
        prompt = portrait_prompt(name=word, description="curious, calm and kind")
        drawing = OpenAiImages(self.client, model="gpt-image-2").begin(prompt).value
        assert drawing.content is not None
        return redraw(drawing.content)

    def _text(self) -> OpenAiText:
        return OpenAiText(
            self.client, model="gpt-5.4-mini", moderation_model="omni-moderation-latest"
        )


@contextmanager
def connected(seconds: float) -> Iterator[Engines]:
    with connect(SecretStr("sk-local"), timeout=seconds) as client:
        yield Engines(client)


@pytest.fixture(scope="module")
def patient(stack: Stack) -> Iterator[Engines]:
    with connected(10.0) as engines:
        yield engines


@pytest.fixture(scope="module")
def hasty(stack: Stack) -> Iterator[Engines]:
    with connected(0.3) as engines:
        yield engines


@dataclass(frozen=True)
class Row:
    """A fault, and what follows: the error, what was charged for, how often we have called."""

    operation: str
    kind: str
    error: type[DomainError] | None
    billed: int
    attempts: int = 1
    retry_after: int | None = None
    times: int = 1
    options: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        extra = "".join(f" {name} {value}" for name, value in self.options.items())
        return f"{self.operation} {self.kind}{extra} x{self.times}"


def _everywhere(kind: str, error: type[DomainError], *, is_billed: bool = False) -> list[Row]:
    """Of the three, moderation alone is free."""
    return [
        Row(operation, kind, error, billed=int(is_billed and operation != "moderation"))
        for operation in sorted(OURS & KINDS[kind].operations)
    ]


def _asks_to_wait(kind: str) -> list[Row]:
    return [
        Row(each, kind, VendorUnavailable, 0, retry_after=7, options={"retry_after": 7})
        for each in sorted(OURS)
    ]


ROWS = [
    *_everywhere("401", VendorRejected),
    *_everywhere("403", VendorRejected),
    *_everywhere("429", VendorUnavailable),
    *_asks_to_wait("429"),
    *_everywhere("500", VendorUnavailable),
    *_everywhere("502", VendorUnavailable),
    *_everywhere("503", VendorUnavailable),
    *_asks_to_wait("503"),
    *_everywhere("529", VendorUnavailable),
    *_everywhere("insufficient_quota", VendorRejected),
    *_everywhere("model_not_found", VendorRejected),
    *_everywhere("content_policy_violation", ContentRefused),
    *_everywhere("moderation_blocked", ContentRefused),
    *_everywhere("timeout_before", VendorUnavailable),
    *_everywhere("reset_before", VendorUnavailable),
    *_everywhere("timeout_after", VendorUnavailable, is_billed=True),
    *_everywhere("reset", VendorUnavailable, is_billed=True),
    *_everywhere("invalid_json", VendorUnavailable, is_billed=True),
    *_everywhere("page", VendorUnavailable, is_billed=True),
    Row("text", "empty", VendorUnavailable, billed=1),
    Row("text", "refusal", ContentRefused, billed=1),
    Row("text", "content_filter", ContentRefused, billed=1),
    Row("text", "schema_invalid", AnswerUnusable, billed=1),
    Row("text", "too_long", None, billed=1),
    *(Row("text", kind, None, billed=1) for kind in ("misses_low_poles", "contrary", "obeys")),
    Row("text", "cut_short", VendorRejected, billed=1),
    Row("moderation", "empty", VendorUnavailable, billed=0),
    Row("moderation", "flagged", ContentRefused, billed=0),
    Row("image", "empty", ImageRejected, billed=1),
    Row("image", "html", ImageRejected, billed=1),
    Row("image", "gif", ImageRejected, billed=1),
    Row("image", "bad_base64", ImageRejected, billed=1),
    Row("image", "truncated", ImageRejected, billed=1),
    Row("image", "truncated_jpeg", ImageRejected, billed=1),
    Row("image", "bomb", ImageRejected, billed=1),
    Row("image", "plain", None, billed=1),
]


def test_the_table_knows_every_fault() -> None:
    possible = {(each, name) for name, kind in KINDS.items() for each in kind.operations & OURS}
    assert {(row.operation, row.kind) for row in ROWS} == possible


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_fault_has_its_error_its_price_and_no_hidden_retry(
    ai: Control, patient: Engines, hasty: Engines, row: Row
) -> None:
    word = f"Ada {uuid4().hex}"
    ai.fail(row.operation, row.kind, contains=word, times=row.times, **row.options)
    engines = hasty if row.kind.startswith("timeout") else patient
    if row.error is None:
        engines.call(row.operation, word)
    else:
        with pytest.raises(row.error) as caught:
            engines.call(row.operation, word)
        assert type(caught.value) is row.error
        assert caught.value.retry_after == row.retry_after
    calls = ai.calls(row.operation, contains=word)
    assert (calls.count, calls.attempts) == (row.billed, row.attempts)


def test_without_a_fault_each_call_is_made_once(ai: Control, patient: Engines) -> None:
    word = f"Ada {uuid4().hex}"
    patient.moderate(word)
    assert patient.write(word).summary
    assert patient.draw(word).width == 1024
    assert {each: ai.calls(each, contains=word).attempts for each in OURS} == dict.fromkeys(OURS, 1)


@pytest.mark.parametrize("text", ["a nude", "I will kill you", "how to poison somebody"])
def test_what_moderation_flags_is_refused(ai: Control, patient: Engines, text: str) -> None:
    with pytest.raises(ContentRefused):
        patient.moderate(text)


def test_an_answer_far_over_its_length_is_cut(ai: Control, patient: Engines) -> None:
    word = f"Ada {uuid4().hex}"
    ai.fail("text", "too_long", contains=word)
    character = patient.write(word)
    texts = [character.summary, character.greeting, *character.examples]
    assert [len(text) > limit for text, limit in zip(texts, [600, *[280] * 4], strict=True)] == [
        False
    ] * 5
    assert all(len(value) <= 60 for value in character.style.model_dump().values())


def test_a_picture_comes_as_a_jpeg_which_is_cheaper_to_read(patient: Engines) -> None:
    drawing = OpenAiImages(patient.client, model="gpt-image-2").begin("a baker").value
    assert (drawing.content or b"").startswith(b"\xff\xd8\xff")


def test_openai_has_nothing_to_collect(patient: Engines) -> None:
    with pytest.raises(ImageRejected):
        OpenAiImages(patient.client, model="gpt-image-2").collect("prediction")


@contextmanager
def at(url: str) -> Iterator[Engines]:
    """Engines whose vendor is said to be at this address."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_BASE_URL", f"{url}/v1")
        with connected(10.0) as engines:
            yield engines


@pytest.mark.parametrize("operation", sorted(OURS))
def test_nobody_listening_is_an_outage(operation: str) -> None:
    with at("http://127.0.0.1:9") as engines, pytest.raises(VendorUnavailable):
        engines.call(operation, "Ada")


@pytest.fixture(scope="module")
def odd() -> Iterator[tuple[Wire, Engines]]:
    """A server that may say anything, and engines that take it for OpenAI."""
    with listening(said(b"")) as wire, at(wire.url) as engines:
        yield wire, engines


@pytest.fixture
def wire(odd: tuple[Wire, Engines]) -> Wire:
    return odd[0].forget()


@pytest.fixture
def misled(odd: tuple[Wire, Engines]) -> Engines:
    return odd[1]


ODD: dict[str, Answer] = {
    "a page": said(b"<!doctype html>", headers="Content-Type: text/html\r\n"),
    "a page that claims to be JSON": said_json(b"<!doctype html>"),
    "nothing": said_json(b""),
    "204": said_json(b"", status="204 No Content"),
    "no UTF-8": said_json(b'{"results": "\xff"}'),
    "deep nesting": said_json(b"[" * 100_000),
    "bad gzip": said_json(b"xx", headers="Content-Encoding: gzip\r\n"),
    "no HTTP": lambda connection: connection.sendall(b"nonsense\r\n\r\n"),
    "an empty object": said_json({}),
    "a list": said_json([]),
    "null": said_json(None),
    "a string": said_json("Ada"),
    "a number": said_json(5),
    "lists that are null": said_json({"choices": None, "results": None, "data": None}),
    "lists that are text": said_json({"choices": "x", "results": "x", "data": "x"}),
    "lists of nothing": said_json({"choices": [], "results": [], "data": []}),
    "lists of null": said_json({"choices": [None], "results": [None], "data": [None]}),
    "lists of empty objects": said_json({"choices": [{}], "results": [{}], "data": [{}]}),
    "a picture that is a number": said_json({"data": [{"b64_json": 5}]}),
    "a picture that is not ASCII": said_json({"data": [{"b64_json": "\u00e9"}]}),
    "a picture by URL": said_json({"data": [{"url": "http://169.254.169.254/"}]}),
    "a verdict that is text": said_json({"results": [{"flagged": "no"}]}),
    "an error that is a page": said(b"<html>", status="400 Bad Request"),
    "an error that is a list": said_json([], status="400 Bad Request"),
    "an error that is text": said_json({"error": "no"}, status="400 Bad Request"),
    "an error with an odd code": said_json({"error": {"code": ["x"]}}, status="400 Bad Request"),
    "a 500 without a body": said(b"", status="500 Internal Server Error"),
    "a teapot": said_json({}, status="418 I'm a teapot"),
}


@pytest.mark.parametrize("case", ODD)
@pytest.mark.parametrize("operation", sorted(OURS))
def test_an_odd_answer_is_an_error_of_ours(
    wire: Wire, misled: Engines, operation: str, case: str
) -> None:
    wire.answer = ODD[case]
    with pytest.raises(TRANSLATED):
        misled.call(operation, "Ada")
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("30", 30),
        ("1.5", None),
        ("-5", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("soon", None),
        ("\u00b2", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_whole_seconds(
    wire: Wire, misled: Engines, header: str, seconds: int | None
) -> None:
    wire.answer = said_json(
        {}, status="429 Too Many Requests", headers=f"Retry-After: {header}\r\n"
    )
    with pytest.raises(VendorUnavailable) as caught:
        misled.moderate("Ada")
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize("digits", [6, 20, 5000])
def test_nobody_makes_us_wait_for_longer_than_a_job_lives(
    wire: Wire, misled: Engines, digits: int
) -> None:
    headers = f"Retry-After: {'9' * digits}\r\n"
    wire.answer = said_json({}, status="503 Service Unavailable", headers=headers)
    with pytest.raises(VendorUnavailable) as caught:
        misled.moderate("Ada")
    assert caught.value.retry_after is None or caught.value.retry_after <= 900


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_not_followed(wire: Wire, misled: Engines, status: str) -> None:
    """What we ask is for the vendor alone."""
    with listening(said_json({})) as elsewhere:
        location = f"Location: {elsewhere.url}/v1/moderations\r\n"
        wire.answer = said(b"", status=status, headers=location)
        with pytest.raises(TRANSLATED):
            misled.moderate("Ada")
        assert elsewhere.connections == 0


def _drip(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    for _ in range(100):
        connection.sendall(b" ")
        time.sleep(0.03)


@pytest.mark.parametrize("operation", ["text", "image"])
def test_a_vendor_that_drips_is_given_up(operation: str) -> None:
    with listening(_drip) as wire, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_BASE_URL", f"{wire.url}/v1")
        began = time.monotonic()
        with connected(0.3) as engines, pytest.raises(VendorUnavailable):
            engines.call(operation, "Ada")
        assert time.monotonic() - began < 1
