"""Replicate. A prediction has an id before it has an answer: keep the id, and it is paid once."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from pydantic import SecretStr
from replicate.client import Client
from replicate.exceptions import ReplicateError
from replicate.prediction import Prediction

from chalicelib.core.ports import (
    ContentRefused,
    Drawing,
    ImageRejected,
    VendorRejected,
    VendorUnavailable,
)

BUSY = {408, 409, 429}
REFUSALS = ("nsfw", "safety", "content policy")


class ReplicateImages:
    def __init__(
        self,
        token: SecretStr,
        *,
        model: str,
        timeout: float,
        poll_seconds: float,
        download: Callable[[str], bytes],
    ) -> None:
        self.model = model
        self._timeout = timeout
        self._poll_seconds = poll_seconds
        self._download = download
        self._sdk = Client(
            api_token=token.get_secret_value(),
            timeout=httpx.Timeout(timeout, connect=5.0),
            transport=Unretried(),
        )

    def begin(self, prompt: str) -> Drawing:
        with _errors_translated():
            prediction = self._create({"prompt": prompt, "num_outputs": 1})
        return Drawing(reference=prediction.id)

    def collect(self, reference: str) -> bytes:
        prediction = self._settled(reference)
        if prediction.status != "succeeded":
            raise _refusal(str(prediction.error or ""))
        output: Any = prediction.output
        first = output[0] if isinstance(output, list) and output else output
        if not isinstance(first, str):
            raise ImageRejected
        return self._download(first)

    def _create(self, wanted: dict[str, Any]) -> Prediction:
        _, _, version = self.model.partition(":")
        if version:
            return self._sdk.predictions.create(version=version, input=wanted)
        return self._sdk.predictions.create(model=self.model, input=wanted)

    def _settled(self, reference: str) -> Prediction:
        give_up = time.monotonic() + self._timeout
        while time.monotonic() < give_up:
            with _errors_translated():
                prediction = self._sdk.predictions.get(reference)
            if prediction.status in {"succeeded", "failed", "canceled"}:
                return prediction
            time.sleep(self._poll_seconds)
        raise VendorUnavailable


class Unretried(httpx.HTTPTransport):
    """Let a busy answer out at once: the SDK would ask ten times more, unseen."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        if response.status_code in BUSY or response.is_server_error:
            header = response.headers.get("retry-after", "")
            response.close()
            raise VendorUnavailable(retry_after=int(header) if header.isdigit() else None)
        return response


@contextmanager
def _errors_translated() -> Iterator[None]:
    try:
        yield
    except ReplicateError as error:
        raise VendorRejected from error
    except httpx.HTTPError as error:
        raise VendorUnavailable from error
    except ValueError as error:  # an answer that is no JSON, or no prediction
        raise VendorUnavailable from error


def _refusal(said: str) -> Exception:
    if any(word in said.lower() for word in REFUSALS):
        return ContentRefused()
    return ImageRejected()
