"""OpenAI. Retries are off: they happen in the queue, where they are seen and counted.

The SDK sends the requests; its answers are read here, because it takes any JSON for an answer.
"""

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final, TypeVar

import httpx2
import openai
from openai import APIStatusError, DefaultHttpxClient, OpenAI
from pydantic import BaseModel, Field, SecretStr, StrictBool, ValidationError

from chalicelib.adapters.waits import retry_after
from chalicelib.core.ports import (
    Answer,
    ContentRefused,
    Drawing,
    ImageRejected,
    Prompt,
    VendorRejected,
    VendorUnavailable,
)

REFUSALS = {"content_policy_violation", "moderation_blocked", "content_filter"}
SPENT = "insufficient_quota"
BUSY = {408, 409, 429}
MAX_TOKENS = 1200
IMAGE_SIZE: Final = "1024x1024"
IMAGE_QUALITY: Final = "medium"

Envelope = TypeVar("Envelope", bound=BaseModel)


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


class _Completion(BaseModel):
    choices: Annotated[list[_Choice], Field(min_length=1)]


class _Picture(BaseModel):
    b64_json: str | None = None


class _Pictures(BaseModel):
    data: list[_Picture]


def connect(key: SecretStr, *, timeout: float) -> OpenAI:
    """Make a client, with everything that the SDK would import at the first call: two threads
    that import at once may find half a module."""
    client = OpenAI(
        api_key=key.get_secret_value(),
        timeout=timeout,
        max_retries=0,
        http_client=DefaultHttpxClient(follow_redirects=False),
    )
    client.chat.completions, client.images, client.moderations  # noqa: B018 - asking imports them
    return client


class OpenAiText:
    def __init__(self, client: OpenAI, *, model: str, moderation_model: str) -> None:
        self._client = client
        self._model = model
        self._moderation_model = moderation_model

    def moderate(self, text: str) -> None:
        with _errors_translated():
            raw = self._client.moderations.with_raw_response.create(
                model=self._moderation_model, input=text
            )
            verdicts = _read(raw.content, _Moderation).results
        if any(verdict.flagged for verdict in verdicts):
            raise ContentRefused

    def answer(self, prompt: Prompt, shape: type[Answer]) -> Answer:
        """Ask once, and once more when the answer does not have the shape."""
        try:
            return self._ask(prompt, shape)
        except ValidationError:
            pass
        try:
            return self._ask(prompt, shape)
        except ValidationError as error:
            raise VendorRejected from error

    def _ask(self, prompt: Prompt, shape: type[Answer]) -> Answer:
        with _errors_translated():
            raw = self._client.chat.completions.with_raw_response.parse(
                model=self._model,
                messages=[
                    {"role": "system", "content": prompt.instructions},
                    {"role": "user", "content": prompt.data},
                ],
                response_format=shape,
                max_completion_tokens=MAX_TOKENS,
            )
            choice = _read(raw.content, _Completion).choices[0]
        if choice.finish_reason == "length":
            raise VendorRejected
        if choice.message.refusal or choice.finish_reason == "content_filter":
            raise ContentRefused
        return shape.model_validate_json(choice.message.content or "")


class OpenAiImages:
    def __init__(self, client: OpenAI, *, model: str) -> None:
        self._client = client
        self.model = model

    def begin(self, prompt: str) -> Drawing:
        with _errors_translated():
            raw = self._client.images.with_raw_response.generate(
                model=self.model, prompt=prompt, n=1, size=IMAGE_SIZE, quality=IMAGE_QUALITY
            )
            pictures = _read(raw.content, _Pictures).data
        if not pictures or not pictures[0].b64_json:
            raise ImageRejected
        try:
            return Drawing(content=base64.b64decode(pictures[0].b64_json, validate=True))
        except (binascii.Error, ValueError) as error:
            raise ImageRejected from error

    def collect(self, reference: str) -> bytes:
        message = f"OpenAI answers at once; there is nothing to collect under {reference}"
        raise ImageRejected(message)


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
    code = error.code if isinstance(error.code, str) else None
    if code in REFUSALS:
        return ContentRefused()
    is_passing = error.status_code in BUSY or error.response.is_server_error
    if is_passing and code != SPENT:
        return VendorUnavailable(retry_after=retry_after(error.response.headers.get("retry-after")))
    return VendorRejected(reason=f"{error.status_code} {code or ''}"[:80])
