"""What Replicate can do to an order, through the real SDK, from the order to the picture."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from chalicelib.adapters.download import Downloads
from chalicelib.adapters.replicate import ReplicateImages
from chalicelib.core.errors import DomainError
from chalicelib.core.ports import (
    ContentRefused,
    ImageRejected,
    VendorRejected,
    VendorUnavailable,
)
from chalicelib.personas.portraits import Portrait, redraw
from local.stack import Stack
from local.vendors.control import Control
from local.vendors.faults import KINDS
from tests.adapters.wire import Answer, Wire, listening, said, said_json, within

OURS = {"prediction", "poll", "download"}
MODEL = "prompthero/openjourney:" + "0" * 64


@cache
def engine(vendor: str, *, seconds: float = 10.0, download: float = 10.0) -> ReplicateImages:
    """An engine that takes this address for Replicate's. The SDK reads the address when it is
    first used, and cannot be closed: the engine is kept, as wiring keeps its own."""
    downloads = Downloads([vendor], timeout=download, max_bytes=20 * 1024 * 1024)
    made = ReplicateImages(
        SecretStr("r8_local"),
        model=MODEL,
        timeout=seconds,
        poll_seconds=0.02,
        download=downloads.fetch,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPLICATE_BASE_URL", vendor)
        with pytest.raises(DomainError):
            made.collect("nothing")
    return made


@pytest.fixture(scope="module")
def vendor(stack: Stack) -> str:
    return stack.env["REPLICATE_BASE_URL"]


@pytest.fixture(scope="module")
def patient(vendor: str) -> ReplicateImages:
    return engine(vendor)


def picture(images: ReplicateImages, word: str) -> Portrait:
    reference = images.begin(f"Portrait of {word}").value.reference
    assert reference is not None
    return redraw(images.collect(reference))


@dataclass(frozen=True)
class Row:
    """A fault, what follows, and how often each operation was asked for."""

    operation: str
    kind: str
    error: type[DomainError]
    billed: int = 1
    retry_after: int | None = None
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def is_order(self) -> bool:
        return self.operation == "prediction"

    def engine(self, vendor: str) -> ReplicateImages:
        if self.kind not in {"timeout_before", "timeout_after", "stuck"}:
            return engine(vendor)
        if self.operation == "download":
            return engine(vendor, download=0.3)
        return engine(vendor, seconds=0.3)

    def __str__(self) -> str:
        return " ".join([self.operation, self.kind, *map(str, self.options.values())])


def _everywhere(kind: str, error: type[DomainError], *, is_billed: bool = False) -> list[Row]:
    """Only the order costs money; whoever polls or downloads has paid already."""
    return [
        Row(operation, kind, error, billed=int(is_billed or operation != "prediction"))
        for operation in sorted(OURS & KINDS[kind].operations)
    ]


def _asks_to_wait(kind: str) -> list[Row]:
    return [
        Row(each, kind, VendorUnavailable, billed, retry_after=7, options={"retry_after": 7})
        for each, billed in (("prediction", 0), ("poll", 1), ("download", 1))
    ]


def _with(rows: list[Row], operation: str, error: type[DomainError]) -> list[Row]:
    """The same rows, but for one operation."""
    others = [row for row in rows if row.operation != operation]
    return [*others, Row(operation, rows[0].kind, error)]


ROWS = [
    *_with(_everywhere("401", VendorRejected), "download", ImageRejected),
    *_with(_everywhere("403", VendorRejected), "download", ImageRejected),
    *_with(_everywhere("404", VendorRejected), "download", ImageRejected),
    *_everywhere("429", VendorUnavailable),
    *_asks_to_wait("429"),
    *_everywhere("500", VendorUnavailable),
    *_everywhere("502", VendorUnavailable),
    *_everywhere("503", VendorUnavailable),
    *_asks_to_wait("503"),
    *_everywhere("529", VendorUnavailable),
    *_everywhere("insufficient_quota", VendorRejected),
    *_everywhere("model_not_found", VendorRejected),
    *_everywhere("timeout_before", VendorUnavailable),
    *_everywhere("reset_before", VendorUnavailable),
    *_everywhere("timeout_after", VendorUnavailable, is_billed=True),
    *_everywhere("reset", VendorUnavailable, is_billed=True),
    *_everywhere("invalid_json", VendorUnavailable, is_billed=True),
    *_everywhere("page", VendorUnavailable, is_billed=True),
    Row("prediction", "empty", ImageRejected),
    Row("prediction", "failed", ImageRejected),
    Row("prediction", "failed", ContentRefused, options={"error": "NSFW content detected."}),
    Row("prediction", "failed", ContentRefused, options={"error": "The Safety checker objects."}),
    Row("prediction", "canceled", ImageRejected),
    Row("prediction", "stuck", VendorUnavailable),
    Row("prediction", "foreign_url", ImageRejected),
    Row("prediction", "foreign_url", ImageRejected, options={"url": "file:///etc/passwd"}),
    Row("prediction", "foreign_url", ImageRejected, options={"url": "data:image/png;base64,AA"}),
    Row("download", "empty", ImageRejected),
    Row("download", "html", ImageRejected),
    Row("download", "gif", ImageRejected),
    Row("download", "truncated", ImageRejected),
    Row("download", "truncated_jpeg", ImageRejected),
    Row("download", "bomb", ImageRejected),
    Row("download", "redirect", ImageRejected),
]


def test_the_table_knows_every_fault() -> None:
    """But for the one that harms nothing."""
    possible = {(each, name) for name, kind in KINDS.items() for each in kind.operations & OURS}
    possible.remove(("prediction", "plain"))
    assert {(row.operation, row.kind) for row in ROWS} == possible


@pytest.mark.parametrize("row", [row for row in ROWS if row.is_order], ids=str)
def test_an_order_that_fails_has_its_error_and_its_price(
    ai: Control, vendor: str, row: Row
) -> None:
    word = f"Ada {uuid4().hex}"
    ai.fail("prediction", row.kind, contains=word, **row.options)
    with pytest.raises(row.error) as caught:
        within(5, lambda: picture(row.engine(vendor), word))
    assert type(caught.value) is row.error
    assert caught.value.retry_after == row.retry_after
    orders = ai.calls("prediction", contains=word)
    assert (orders.count, orders.attempts) == (row.billed, 1)
    assert ai.calls("download", contains=word).attempts == 0


@dataclass(frozen=True)
class Paid:
    """A picture that is ordered and drawn."""

    word: str
    reference: str


@pytest.fixture(scope="module")
def paid(patient: ReplicateImages) -> Paid:
    word = f"Ada {uuid4().hex}"
    reference = patient.begin(f"Portrait of {word}").value.reference
    assert reference is not None
    patient.collect(reference)
    return Paid(word, reference)


@pytest.mark.parametrize("row", [row for row in ROWS if not row.is_order], ids=str)
def test_what_fails_after_the_order_has_its_error_and_no_hidden_retry(
    ai: Control, vendor: str, paid: Paid, row: Row
) -> None:
    ai.forget_calls()
    ai.fail(row.operation, row.kind, contains=paid.word, times=20, **row.options)
    with pytest.raises(row.error) as caught:
        within(5, lambda: redraw(row.engine(vendor).collect(paid.reference)))
    assert type(caught.value) is row.error
    assert caught.value.retry_after == row.retry_after
    counted = {each: ai.calls(each, contains=paid.word).attempts for each in sorted(OURS)}
    assert counted == {"prediction": 0, "poll": 1, "download": int(row.operation == "download")}


def test_what_was_paid_is_collected_after_every_failure(
    ai: Control, patient: ReplicateImages, paid: Paid
) -> None:
    ai.forget_calls()
    for operation, kind in (("poll", "500"), ("poll", "reset"), ("download", "503")):
        ai.fail(operation, kind, contains=paid.word)
        with pytest.raises(VendorUnavailable):
            patient.collect(paid.reference)
    assert redraw(patient.collect(paid.reference)).width == 1024
    assert patient.collect(paid.reference) == patient.collect(paid.reference)
    assert ai.calls("prediction", contains=paid.word).attempts == 0


def test_what_the_vendor_finds_unsafe_is_refused(ai: Control, patient: ReplicateImages) -> None:
    with pytest.raises(ContentRefused):
        picture(patient, "a nude")


def test_a_prediction_that_is_not_there_is_no_reason_to_wait(patient: ReplicateImages) -> None:
    with pytest.raises(VendorRejected):
        patient.collect("0" * 26)


def test_nobody_listening_is_an_outage() -> None:
    images = engine("http://127.0.0.1:9")
    with pytest.raises(VendorUnavailable):
        images.begin("Ada")
    with pytest.raises(VendorUnavailable):
        images.collect("prediction")


@pytest.fixture(scope="module")
def odd() -> Iterator[tuple[Wire, ReplicateImages]]:
    """A server that may say anything, and an engine that takes it for Replicate."""
    with listening(said(b"")) as wire:
        yield wire, engine(wire.url, seconds=0.3)


@pytest.fixture
def wire(odd: tuple[Wire, ReplicateImages]) -> Wire:
    return odd[0].forget()


@pytest.fixture
def misled(odd: tuple[Wire, ReplicateImages]) -> ReplicateImages:
    return odd[1]


def _prediction(**fields: object) -> Answer:
    usual = {
        "id": "p",
        "model": "m",
        "version": "v",
        "status": "succeeded",
        "input": {},
        "output": ["http://127.0.0.1:1/picture.png"],
        "logs": "",
        "error": None,
        "urls": {"get": "http://127.0.0.1:1/", "cancel": "http://127.0.0.1:1/"},
    }
    return said_json(usual | fields)


NO_PREDICTIONS: dict[str, Answer] = {
    "a page": said(b"<!doctype html>", headers="Content-Type: text/html\r\n"),
    "nothing": said_json(b""),
    "204": said_json(b"", status="204 No Content"),
    "no UTF-8": said_json(b'{"id": "\xff"}'),
    "deep nesting": said_json(b"[" * 100_000),
    "bad gzip": said_json(b"xx", headers="Content-Encoding: gzip\r\n"),
    "no HTTP": lambda connection: connection.sendall(b"nonsense\r\n\r\n"),
    "an empty object": said_json({}),
    "a list": said_json([]),
    "null": said_json(None),
    "a string": said_json("Ada"),
    "a number": said_json(5),
    "an id that is null": _prediction(id=None),
    "an unknown status": _prediction(status="improving"),
    "an error that is an object": _prediction(status="failed", error={"a": 1}),
    "a refusal that is a page": said(b"<html>", status="400 Bad Request"),
    "a refusal that is a list": said_json([], status="422 Unprocessable Entity"),
    "a refusal that is null": said_json(None, status="404 Not Found"),
    "a 500 without a body": said(b"", status="500 Internal Server Error"),
}

NO_PICTURES: dict[str, Answer] = {
    "no output": _prediction(output=None),
    "an empty list": _prediction(output=[]),
    "an object": _prediction(output={"url": "http://127.0.0.1:1/"}),
    "a number": _prediction(output=5),
    "a list of lists": _prediction(output=[["http://127.0.0.1:1/"]]),
    "another port": _prediction(),
    "a failure without a word": _prediction(status="failed"),
    "canceled": _prediction(status="canceled"),
}


@pytest.mark.parametrize("case", NO_PREDICTIONS)
def test_an_odd_answer_to_an_order_is_an_error_of_ours(
    wire: Wire, misled: ReplicateImages, case: str
) -> None:
    wire.answer = NO_PREDICTIONS[case]
    with pytest.raises((VendorUnavailable, VendorRejected)):
        misled.begin("Ada")
    assert len(wire.requests) == 1


@pytest.mark.parametrize("case", NO_PREDICTIONS)
def test_an_odd_answer_to_a_poll_is_an_error_of_ours(
    wire: Wire, misled: ReplicateImages, case: str
) -> None:
    wire.answer = NO_PREDICTIONS[case]
    with pytest.raises((VendorUnavailable, VendorRejected)):
        misled.collect("prediction")
    assert len(wire.requests) == 1


@pytest.mark.parametrize("case", NO_PICTURES)
def test_a_prediction_without_a_picture_of_ours_is_rejected(
    wire: Wire, misled: ReplicateImages, case: str
) -> None:
    wire.answer = NO_PICTURES[case]
    with pytest.raises(ImageRejected):
        misled.collect("prediction")


@pytest.mark.parametrize("reference", ["", "../../account", "a/cancel", "a?b", "a#b", "a b", "%2e"])
def test_an_id_that_leads_elsewhere_is_no_reference(
    wire: Wire, misled: ReplicateImages, reference: str
) -> None:
    """It becomes part of an address later."""
    wire.answer = _prediction(id=reference)
    with pytest.raises((VendorUnavailable, VendorRejected)):
        misled.begin("Ada")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("30", 30),
        ("1.5", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("\u00b2", None),
    ],
)
def test_retry_after_is_read_in_whole_seconds(
    wire: Wire, misled: ReplicateImages, header: str, seconds: int | None
) -> None:
    headers = f"Retry-After: {header}\r\n"
    wire.answer = said_json({}, status="429 Too Many Requests", headers=headers)
    with pytest.raises(VendorUnavailable) as caught:
        misled.begin("Ada")
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize("digits", [6, 20, 5000])
def test_nobody_makes_us_wait_for_longer_than_a_job_lives(
    wire: Wire, misled: ReplicateImages, digits: int
) -> None:
    headers = f"Retry-After: {'9' * digits}\r\n"
    wire.answer = said_json({}, status="503 Service Unavailable", headers=headers)
    with pytest.raises(VendorUnavailable) as caught:
        misled.collect("prediction")
    assert caught.value.retry_after is None or caught.value.retry_after <= 900


def test_a_redirect_is_not_followed(wire: Wire, misled: ReplicateImages) -> None:
    with listening(said_json({})) as elsewhere:
        wire.answer = said(b"", status="307 Moved", headers=f"Location: {elsewhere.url}/\r\n")
        with pytest.raises((VendorUnavailable, VendorRejected)):
            misled.begin("Ada")
        assert elsewhere.connections == 0
