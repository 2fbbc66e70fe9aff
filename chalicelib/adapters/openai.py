"""OpenAI. Retries are off: they happen in the queue, where they are seen and counted.

The SDK's client sends the requests. They are written and their answers read here: the SDK takes any
JSON for an answer, and looks through every request for names to change, which costs more than
sending it (decision 0036).
"""

import base64
import binascii
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Annotated, Any, TypeVar, cast

import httpx2
import openai
from openai import APIStatusError, DefaultHttpxClient, OpenAI, pydantic_function_tool
from openai._types import RequestOptions
from pydantic import BaseModel, Field, SecretStr, StrictBool, ValidationError

from chalicelib.adapters.waits import retry_after
from chalicelib.core.models import UsageKind, Voice
from chalicelib.core.ports import (
    Answer,
    AnswerUnusable,
    ContentRefused,
    Drawing,
    ImageRejected,
    Limits,
    Line,
    Prompt,
    Served,
    Service,
    Units,
    VendorRejected,
    VendorUnavailable,
)

REFUSALS = {"content_policy_violation", "moderation_blocked", "content_filter"}
SPENT = "insufficient_quota"
BUSY = {408, 409, 429}
MAX_TOKENS = 2400
"""A character with its evidence, twice over."""
MODERATION_SECONDS = 10
"""A request may wait for a moderation, and has 25 seconds in all."""
IMAGE_SIZE = "1024x1024"
IMAGE_QUALITY = "medium"
IMAGE_FORMAT = "jpeg"
IMAGE_COMPRESSION = 95
"""Of 100: what is lost cannot be seen, and the portrait is drawn anew as a JPEG anyway."""

_ROLES = {Voice.HUMAN: "user", Voice.AI: "assistant"}

Envelope = TypeVar("Envelope", bound=BaseModel)


_Count = Annotated[int, Field(ge=0, le=10_000_000)]


def _counted(**units: int) -> dict[str, int]:
    """Leave out what is not there: a missing count must not look like one of nothing."""
    return {name: count for name, count in units.items() if count}


class _Verdict(BaseModel):
    flagged: StrictBool


class _Moderation(BaseModel):
    results: Annotated[list[_Verdict], Field(min_length=1)]


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    finish_reason: str | None = None
    message: _Message


class _TextUsage(BaseModel):
    """What was used, or 0 where it is not said."""

    prompt_tokens: _Count = 0
    completion_tokens: _Count = 0

    @property
    def units(self) -> Units:
        return _counted(input_tokens=self.prompt_tokens, output_tokens=self.completion_tokens)


class _Completion(BaseModel):
    choices: Annotated[list[_Choice], Field(min_length=1)]
    usage: _TextUsage | None = None

    @property
    def units(self) -> Units:
        return {"calls": 1, **(self.usage.units if self.usage else {})}


class _Picture(BaseModel):
    b64_json: str | None = None


class _ImageUsage(BaseModel):
    input_tokens: _Count = 0
    output_tokens: _Count = 0

    @property
    def units(self) -> Units:
        return _counted(input_tokens=self.input_tokens, output_tokens=self.output_tokens)


class _Pictures(BaseModel):
    data: list[_Picture]
    usage: _ImageUsage | None = None

    @property
    def units(self) -> Units:
        return {"images": 1, **(self.usage.units if self.usage else {})}


class _InTime(httpx2.SyncByteStream):
    """An answer that drips would never end: httpx bounds each read by itself."""

    def __init__(self, answer: httpx2.Response) -> None:
        self._bytes = answer.stream
        self._ends_at = time.monotonic() + answer.request.extensions["timeout"]["read"]

    def __iter__(self) -> Iterator[bytes]:
        for piece in cast("httpx2.SyncByteStream", self._bytes):
            if time.monotonic() > self._ends_at:
                message = "the answer does not come to its end"
                raise httpx2.ReadTimeout(message)
            yield piece

    def close(self) -> None:
        cast("httpx2.SyncByteStream", self._bytes).close()


def _hurry(answer: httpx2.Response) -> None:
    answer.stream = _InTime(answer)


def connect(key: SecretStr, *, timeout: float) -> OpenAI:
    return OpenAI(
        api_key=key.get_secret_value(),
        timeout=timeout,
        max_retries=0,
        http_client=DefaultHttpxClient(follow_redirects=False, event_hooks={"response": [_hurry]}),
    )


class OpenAiText:
    def __init__(self, client: OpenAI, *, model: str, moderation_model: str) -> None:
        self._client = client
        self.writing = Service("openai", model, UsageKind.TEXT)
        self.moderating = Service("openai", moderation_model, UsageKind.MODERATION)

    def moderate(self, text: str, *, seconds: float | None = None) -> Served[None]:
        flagged = self._flag([text], seconds or MODERATION_SECONDS)
        if any(flagged.value):
            raise ContentRefused(used=flagged.units)
        return Served(None, flagged.units)

    def flag(self, texts: Sequence[str]) -> Served[Sequence[bool]]:
        return self._flag(texts, MODERATION_SECONDS)

    def _flag(self, texts: Sequence[str], seconds: float) -> Served[Sequence[bool]]:
        wanted = {"model": self.moderating.model, "input": [*texts]}
        answer = _ask(self._client, "/moderations", wanted, _Moderation, seconds=seconds)
        verdicts = answer.results
        if len(verdicts) != len(texts):
            raise VendorUnavailable
        return Served([verdict.flagged for verdict in verdicts], {"calls": 1})

    def answer(
        self, prompt: Prompt, shape: type[Answer], *, limits: Limits | None = None
    ) -> Served[Answer]:
        wanted = {
            "model": self.writing.model,
            "messages": [
                {"role": "system", "content": prompt.instructions},
                {"role": "user", "content": prompt.data},
            ],
            "response_format": _format_of(shape),
            "max_completion_tokens": limits.tokens if limits else MAX_TOKENS,
        }
        written = self._written(wanted, seconds=limits.seconds if limits else None)
        try:
            return Served(shape.model_validate_json(written.value), written.units)
        except ValidationError as error:
            raise AnswerUnusable(used=written.units) from error

    def reply(self, instructions: str, lines: Sequence[Line], *, limits: Limits) -> Served[str]:
        said = [{"role": _ROLES[line.voice], "content": line.text} for line in lines]
        wanted = {
            "model": self.writing.model,
            "messages": [{"role": "system", "content": instructions}, *said],
            "max_completion_tokens": limits.tokens,
        }
        written = self._written(wanted, seconds=limits.seconds)
        if not written.value.strip():
            raise AnswerUnusable(used=written.units)
        return written

    def _written(self, wanted: Mapping[str, Any], *, seconds: float | None) -> Served[str]:
        completion = _ask(self._client, "/chat/completions", wanted, _Completion, seconds=seconds)
        choice, used = completion.choices[0], completion.units
        if choice.finish_reason == "length":
            raise VendorRejected(used=used)
        if choice.message.refusal or choice.finish_reason == "content_filter":
            raise ContentRefused(used=used)
        return Served(choice.message.content or "", used)


class OpenAiImages:
    def __init__(self, client: OpenAI, *, model: str) -> None:
        self._client = client
        self.drawing = Service("openai", model, UsageKind.IMAGE)

    def begin(
        self,
        prompt: str,
        *,
        notify: str | None = None,  # noqa: ARG002 - the answer is the picture
    ) -> Served[Drawing]:
        wanted = {
            "model": self.drawing.model,
            "prompt": prompt,
            "n": 1,
            "size": IMAGE_SIZE,
            "quality": IMAGE_QUALITY,
            "output_format": IMAGE_FORMAT,
            "output_compression": IMAGE_COMPRESSION,
        }
        pictures = _ask(self._client, "/images/generations", wanted, _Pictures)
        drawn, used = pictures.data, pictures.units
        if not drawn or not drawn[0].b64_json:
            raise ImageRejected(used=used)
        try:
            return Served(Drawing(content=base64.b64decode(drawn[0].b64_json, validate=True)), used)
        except (binascii.Error, ValueError) as error:
            raise ImageRejected(used=used) from error

    def collect(self, reference: str) -> bytes:
        message = f"OpenAI answers at once; there is nothing to collect under {reference}"
        raise ImageRejected(message)


@cache
def _format_of(shape: type[BaseModel]) -> Mapping[str, Any]:
    """Return the strict schema. To make it takes longer than to send it."""
    schema = pydantic_function_tool(shape)["function"]["parameters"]
    told = {"name": shape.__name__, "schema": schema, "strict": True}
    return {"type": "json_schema", "json_schema": told}


def _ask(
    client: OpenAI,
    path: str,
    wanted: Mapping[str, Any],
    envelope: type[Envelope],
    *,
    seconds: float | None = None,
) -> Envelope:
    options: RequestOptions = {} if seconds is None else {"timeout": seconds}
    with _errors_translated():
        answer = client.post(path, cast_to=httpx2.Response, body=wanted, options=options)
        return _read(answer.content, envelope)


def _read(content: bytes, envelope: type[Envelope]) -> Envelope:
    try:
        return envelope.model_validate_json(content)
    except ValidationError as error:
        raise VendorUnavailable from error


@contextmanager
def _errors_translated() -> Iterator[None]:
    """Say in our words whether a failure may pass."""
    try:
        yield
    except openai.APIStatusError as error:
        raise _in_our_words(error) from error
    except (openai.OpenAIError, httpx2.HTTPError) as error:
        raise VendorUnavailable from error


def _in_our_words(error: APIStatusError) -> Exception:
    """A call that is answered with an error is not charged for."""
    code = error.code if isinstance(error.code, str) else None
    if code in REFUSALS:
        return ContentRefused(used={})
    is_passing = error.status_code in BUSY or error.response.is_server_error
    if is_passing and code != SPENT:
        wait = retry_after(error.response.headers.get("retry-after"))
        return VendorUnavailable(retry_after=wait, used={})
    return VendorRejected(reason=f"{error.status_code} {code or ''}"[:80], used={})
