"""What clients see of each fault, and what is charged for it."""

import base64
import io
import time
from collections.abc import Callable
from typing import Any

import httpx
import openai
import pytest
import requests
from PIL import Image, UnidentifiedImageError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from replicate.client import Client
from replicate.exceptions import ModelError, ReplicateError

from local.vendors.control import Control
from local.vendors.server import Server
from tests.local.vendors.clients import MODEL, SMALL

Work = Callable[[openai.OpenAI], object]


class Reply(BaseModel):
    model_config = ConfigDict(extra="forbid")

    greeting: str = Field(max_length=200)


def chat(client: openai.OpenAI) -> str:
    answer = client.chat.completions.create(
        model="gpt-5.4-mini", messages=[{"role": "user", "content": "a baker"}]
    )
    return answer.choices[0].message.content or ""


def write(client: openai.OpenAI) -> Any:
    return client.chat.completions.parse(
        model="gpt-5.4-mini",
        messages=[{"role": "user", "content": "a baker"}],
        response_format=Reply,
    )


def draw(client: openai.OpenAI) -> bytes:
    answer = client.images.generate(model="gpt-image-2", prompt="a baker", size="256x256")
    images = answer.data or []
    return base64.b64decode(images[0].b64_json or "", validate=True)


def moderate(client: openai.OpenAI) -> bool:
    return client.moderations.create(model="omni-moderation-latest", input="tea").results[0].flagged


def speak(client: openai.OpenAI) -> bytes:
    return client.audio.speech.create(model="tts-1", voice="alloy", input="a baker").content


WORK: dict[str, Work] = {"text": chat, "image": draw, "moderation": moderate, "speech": speak}


@pytest.mark.parametrize("operation", list(WORK))
@pytest.mark.parametrize(
    ("kind", "error", "code"),
    [
        ("401", openai.AuthenticationError, "invalid_api_key"),
        ("403", openai.PermissionDeniedError, "insufficient_permissions"),
        ("429", openai.RateLimitError, "rate_limit_exceeded"),
        ("500", openai.InternalServerError, None),
        ("502", openai.InternalServerError, None),
        ("503", openai.InternalServerError, None),
        ("529", openai.InternalServerError, "overloaded"),
        ("insufficient_quota", openai.RateLimitError, "insufficient_quota"),
        ("model_not_found", openai.NotFoundError, "model_not_found"),
    ],
)
def test_a_refused_call_is_not_charged(
    client: openai.OpenAI,
    control: Control,
    operation: str,
    kind: str,
    error: type[openai.APIStatusError],
    code: str | None,
) -> None:
    control.fail(operation, kind)
    with pytest.raises(error) as refused:
        WORK[operation](client)
    assert refused.value.code == code
    calls = control.calls(operation)
    assert (calls.count, calls.attempts) == (0, 1)


@pytest.mark.parametrize("operation", ["text", "image"])
@pytest.mark.parametrize("kind", ["content_policy_violation", "moderation_blocked"])
def test_a_call_against_the_policy_is_not_charged(
    client: openai.OpenAI, control: Control, operation: str, kind: str
) -> None:
    control.fail(operation, kind)
    with pytest.raises(openai.BadRequestError) as refused:
        WORK[operation](client)
    assert refused.value.code == kind
    assert control.calls(operation).count == 0


def test_429_says_when_to_come_back_only_if_told_to(
    client: openai.OpenAI, control: Control
) -> None:
    control.fail("text", 429, retry_after=7)
    control.fail("text", 429)
    waits = []
    for _ in range(2):
        with pytest.raises(openai.RateLimitError) as refused:
            chat(client)
        waits.append(refused.value.response.headers.get("retry-after"))
    assert waits == ["7", None]


@pytest.mark.parametrize("operation", list(WORK))
@pytest.mark.parametrize(("kind", "attempts"), [("timeout_before", 0), ("timeout_after", 1)])
def test_a_call_that_is_never_answered_is_charged_once_it_is_accepted(
    client: openai.OpenAI, control: Control, operation: str, kind: str, attempts: int
) -> None:
    control.fail(operation, kind)
    with pytest.raises(openai.APITimeoutError):
        WORK[operation](client.with_options(timeout=0.1))
    assert control.calls(operation).count == (attempts if operation != "moderation" else 0)


@pytest.mark.parametrize("operation", list(WORK))
@pytest.mark.parametrize("kind", ["reset_before", "reset"])
def test_a_connection_that_breaks_is_charged_once_it_is_in_the_body(
    client: openai.OpenAI, control: Control, operation: str, kind: str
) -> None:
    control.fail(operation, kind)
    with pytest.raises((openai.APIConnectionError, httpx.HTTPError)):
        WORK[operation](client)
    assert control.calls(operation).count == (kind == "reset" and operation != "moderation")


@pytest.mark.parametrize("operation", ["text", "image", "moderation"])
def test_half_a_json_document_cannot_be_read(
    client: openai.OpenAI, control: Control, operation: str
) -> None:
    control.fail(operation, "invalid_json")
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter|EOF|expected"):
        WORK[operation](client)


def test_a_page_may_come_where_json_belongs(server: Server, control: Control) -> None:
    control.fail("models", "page")
    headers = {"Authorization": "Bearer sk-local"}
    answer = requests.get(f"{server.url}/v1/models", headers=headers, timeout=5)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")
    assert answer.text.startswith("<!doctype html>")


@pytest.mark.parametrize("operation", ["text", "image", "moderation"])
def test_an_empty_list_is_charged(client: openai.OpenAI, control: Control, operation: str) -> None:
    control.fail(operation, "empty")
    with pytest.raises(IndexError):
        WORK[operation](client)
    assert control.calls(operation).count == (operation != "moderation")


def test_bad_base64_cannot_be_decoded(client: openai.OpenAI, control: Control) -> None:
    control.fail("image", "bad_base64")
    with pytest.raises(ValueError, match="base64"):
        draw(client)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("html", UnidentifiedImageError),
        ("truncated", OSError),
        ("truncated_jpeg", OSError),
        ("bomb", Image.DecompressionBombError),
    ],
)
def test_a_spoiled_picture_cannot_be_opened(
    client: openai.OpenAI, control: Control, kind: str, error: type[Exception]
) -> None:
    control.fail("image", kind)
    content = draw(client)
    with pytest.raises(error):
        Image.open(io.BytesIO(content)).load()
    assert control.calls("image").count == 1


def test_a_picture_may_be_of_another_kind(client: openai.OpenAI, control: Control) -> None:
    control.fail("image", "gif")
    with Image.open(io.BytesIO(draw(client))) as picture:
        assert (picture.format, picture.size) == ("GIF", (256, 256))


def test_a_bomb_is_small_on_the_wire(client: openai.OpenAI, control: Control) -> None:
    control.fail("image", "bomb")
    assert len(draw(client)) < 100_000


def test_a_refusal_comes_in_words(client: openai.OpenAI, control: Control) -> None:
    control.fail("text", "refusal")
    message = write(client).choices[0].message
    assert message.parsed is None
    assert "sorry" in message.refusal


@pytest.mark.parametrize("kind", ["schema_invalid", "too_long"])
def test_content_outside_the_schema_is_charged(
    client: openai.OpenAI, control: Control, kind: str
) -> None:
    control.fail("text", kind)
    with pytest.raises(ValidationError):
        write(client)
    assert control.calls("text").count == 1


def test_an_answer_that_is_cut_short_says_so(client: openai.OpenAI, control: Control) -> None:
    control.fail("text", "cut_short")
    with pytest.raises(openai.LengthFinishReasonError):
        write(client)


def test_an_answer_that_the_filter_cuts_says_so(client: openai.OpenAI, control: Control) -> None:
    control.fail("text", "content_filter")
    with pytest.raises(openai.ContentFilterFinishReasonError):
        write(client)


def test_moderation_can_be_told_to_flag(client: openai.OpenAI, control: Control) -> None:
    control.fail("moderation", "flagged")
    assert [moderate(client), moderate(client)] == [True, False]


def test_speech_can_be_a_page(client: openai.OpenAI, control: Control) -> None:
    control.fail("speech", "html")
    assert speak(client).startswith(b"<!doctype html>")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("401", 401),
        ("403", 403),
        ("429", 429),
        ("500", 500),
        ("503", 503),
        ("insufficient_quota", 402),
        ("model_not_found", 404),
    ],
)
def test_a_refused_prediction_is_not_charged(
    hub: Client, control: Control, kind: str, status: int
) -> None:
    control.fail("prediction", kind)
    with pytest.raises(ReplicateError) as refused:
        hub.models.predictions.create(MODEL, input=SMALL)
    assert refused.value.status == status
    assert refused.value.detail
    assert control.calls("prediction").count == 0


@pytest.mark.parametrize(("kind", "count"), [("timeout_before", 0), ("timeout_after", 1)])
def test_an_unanswered_prediction_is_charged_once_it_is_accepted(
    server: Server, http: requests.Session, control: Control, kind: str, count: int
) -> None:
    control.fail("prediction", kind)
    with pytest.raises(requests.ReadTimeout):  # the client would wait for ever: it sets no limit
        http.post(f"{server.url}/v1/predictions", json={"version": "v", "input": {}}, timeout=0.1)
    assert control.calls("prediction").count == count


def test_a_prediction_that_fails_is_charged(hub: Client, control: Control) -> None:
    control.fail("prediction", "failed", error="CUDA is tired")
    with pytest.raises(ModelError, match="CUDA is tired"):
        hub.run(MODEL, input=SMALL)
    assert control.calls("prediction").count == 1


def test_a_prediction_can_end_as_canceled(hub: Client, control: Control) -> None:
    control.fail("prediction", "canceled")
    prediction = hub.models.predictions.create(MODEL, input=SMALL, wait=2)
    assert prediction.status == "canceled"


def test_a_stuck_prediction_goes_on_until_it_is_cancelled(hub: Client, control: Control) -> None:
    control.fail("prediction", "stuck")
    prediction = hub.models.predictions.create(MODEL, input=SMALL)
    time.sleep(0.2)
    prediction.reload()
    before = prediction.status
    prediction.cancel()
    assert (before, prediction.status) == ("processing", "canceled")


@pytest.mark.parametrize(
    ("kind", "output"),
    [("empty", []), ("foreign_url", ["http://169.254.169.254/latest/meta-data/picture.png"])],
)
def test_a_prediction_can_succeed_with_a_wrong_output(
    hub: Client, control: Control, kind: str, output: list[str]
) -> None:
    control.fail("prediction", kind)
    prediction = hub.models.predictions.create(MODEL, input=SMALL, wait=2)
    assert (prediction.status, prediction.output) == ("succeeded", output)


def test_a_poll_can_be_refused(hub: Client, control: Control) -> None:
    prediction = hub.models.predictions.create(MODEL, input=SMALL)
    control.fail("poll", 500)
    with pytest.raises(ReplicateError):
        prediction.reload()


@pytest.fixture
def picture(hub: Client) -> str:
    prediction = hub.models.predictions.create(MODEL, input=SMALL, wait=5)
    assert prediction.output
    return str(prediction.output[0])


@pytest.mark.parametrize(
    ("kind", "status", "mime", "start"),
    [
        ("404", 404, "application/json", b"{"),
        ("500", 500, "application/json", b"{"),
        ("html", 200, "text/html", b"<!doctype"),
        ("gif", 200, "image/png", b"GIF8"),
        ("truncated", 200, "image/png", b"\x89PNG"),
        ("bomb", 200, "image/png", b"\x89PNG"),
        ("empty", 200, "image/png", b""),
    ],
)
def test_a_download_can_go_wrong(
    http: requests.Session,
    control: Control,
    picture: str,
    kind: str,
    status: int,
    mime: str,
    start: bytes,
) -> None:
    control.fail("download", kind)
    answer = http.get(picture)
    assert (answer.status_code, answer.headers["content-type"]) == (status, mime)
    assert answer.content.startswith(start)


def test_a_download_can_lead_to_an_internal_address(
    http: requests.Session, control: Control, picture: str
) -> None:
    control.fail("download", "redirect")
    answer = http.get(picture, allow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("http://169.254.169.254/")


def test_a_download_can_break(http: requests.Session, control: Control, picture: str) -> None:
    control.fail("download", "reset")
    with pytest.raises(requests.RequestException):
        http.get(picture)
