"""OpenAI. Retries are off: they happen in the queue, where they are seen and counted."""

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import openai
from openai import APIStatusError, OpenAI
from pydantic import SecretStr, ValidationError

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


def connect(key: SecretStr, *, timeout: float) -> OpenAI:
    """Make a client, with everything that the SDK would import at the first call: two threads
    that import at once may find half a module."""
    client = OpenAI(api_key=key.get_secret_value(), timeout=timeout, max_retries=0)
    client.chat.completions, client.images, client.moderations  # noqa: B018 - asking imports them
    return client


@contextmanager
def _errors_translated() -> Iterator[None]:
    """Say in our words whether a failure may pass."""
    try:
        yield
    except openai.APIStatusError as error:
        raise _in_our_words(error) from error
    except openai.APIConnectionError as error:
        raise VendorUnavailable from error
    except (openai.LengthFinishReasonError, openai.APIResponseValidationError) as error:
        raise VendorRejected from error
    except openai.ContentFilterFinishReasonError as error:
        raise ContentRefused from error


class OpenAiText:
    def __init__(self, client: OpenAI, *, model: str, moderation_model: str) -> None:
        self._client = client
        self._model = model
        self._moderation_model = moderation_model

    def moderate(self, text: str) -> None:
        with _errors_translated():
            answer = self._client.moderations.create(model=self._moderation_model, input=text)
        if any(result.flagged for result in answer.results):
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
            completion = self._client.chat.completions.parse(
                model=self._model,
                messages=[
                    {"role": "system", "content": prompt.instructions},
                    {"role": "user", "content": prompt.data},
                ],
                response_format=shape,
                max_completion_tokens=MAX_TOKENS,
            )
        if not completion.choices:
            raise VendorUnavailable
        message = completion.choices[0].message
        if message.refusal or message.parsed is None:
            raise ContentRefused
        return message.parsed


class OpenAiImages:
    def __init__(self, client: OpenAI, *, model: str) -> None:
        self._client = client
        self.model = model

    def begin(self, prompt: str) -> Drawing:
        with _errors_translated():
            answer = self._client.images.generate(
                model=self.model, prompt=prompt, n=1, size=IMAGE_SIZE, quality=IMAGE_QUALITY
            )
        if not answer.data or not answer.data[0].b64_json:
            raise ImageRejected
        try:
            return Drawing(content=base64.b64decode(answer.data[0].b64_json, validate=True))
        except binascii.Error as error:
            raise ImageRejected from error

    def collect(self, reference: str) -> bytes:
        message = f"OpenAI answers at once; there is nothing to collect under {reference}"
        raise ImageRejected(message)


def _in_our_words(error: APIStatusError) -> Exception:
    if error.code in REFUSALS:
        return ContentRefused()
    if error.code == SPENT:
        return VendorRejected()
    if error.status_code in BUSY or error.status_code >= 500:  # noqa: PLR2004 - server errors
        return VendorUnavailable(retry_after=_seconds(error.response.headers.get("retry-after")))
    return VendorRejected()


def _seconds(header: str | None) -> int | None:
    return int(header) if header and header.isdigit() else None
