"""Replicate. A prediction has an id before it has an answer: keep the id, and it is paid once."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from pydantic import SecretStr
from replicate.client import Client
from replicate.exceptions import ReplicateError
from replicate.prediction import Prediction

from chalicelib.adapters.waits import retry_after
from chalicelib.core.models import UsageKind
from chalicelib.core.ports import (
    ContentRefused,
    Drawing,
    ImageRejected,
    Served,
    Service,
    VendorRejected,
    VendorUnavailable,
)

BUSY = {408, 409, 429}
REFUSALS = ("nsfw", "safety", "content policy")
ENDED = {"succeeded", "failed", "canceled"}
EVENTS = ["start", "completed"]
UNDER_WAY = {"starting", "processing"}
REFERENCE = re.compile(r"[A-Za-z0-9]{1,64}")

# What the SDK raises on an answer that is no JSON, or no prediction.
UNREADABLE = (AttributeError, LookupError, RecursionError, TypeError, ValueError)


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
        self.drawing = Service("replicate", model, UsageKind.IMAGE, is_traceable=True)
        self._timeout = timeout
        self._poll_seconds = poll_seconds
        self._download = download
        self._sdk = Client(
            api_token=token.get_secret_value(),
            transport=Punctual(httpx.Timeout(timeout, connect=min(timeout, 5.0))),
        )

    def begin(self, prompt: str, *, notify: str | None = None) -> Served[Drawing]:
        with _errors_translated():
            prediction = self._create({"prompt": prompt, "num_outputs": 1}, notify)
        if not isinstance(prediction.id, str) or not REFERENCE.fullmatch(prediction.id):
            raise VendorUnavailable  # it becomes part of an address later
        return Served(Drawing(reference=prediction.id), {"images": 1})

    def collect(self, reference: str) -> bytes:
        prediction = self._settled(reference)
        if prediction.status != "succeeded":
            raise _refusal(str(prediction.error or ""))
        output: Any = prediction.output
        first = output[0] if isinstance(output, list) and output else output
        if not isinstance(first, str):
            raise ImageRejected
        return self._download(first)

    def _create(self, wanted: dict[str, Any], notify: str | None) -> Prediction:
        model = self.drawing.model
        _, _, version = model.partition(":")
        order: dict[str, Any] = {"version": version} if version else {"model": model}
        if notify is not None:
            order |= {"webhook": notify, "webhook_events_filter": EVENTS}
        return self._sdk.predictions.create(input=wanted, **order)

    def _settled(self, reference: str) -> Prediction:
        give_up = time.monotonic() + self._timeout
        while time.monotonic() < give_up:
            with _errors_translated():
                prediction = self._sdk.predictions.get(reference)
            if prediction.status in ENDED:
                return prediction
            if prediction.status not in UNDER_WAY:
                raise VendorUnavailable
            time.sleep(self._poll_seconds)
        raise VendorUnavailable


class Punctual(httpx.HTTPTransport):
    """Hold every request to the timeout, as the SDK switches it off for its orders, and let a busy
    answer out at once, as the SDK would ask ten times more, unseen."""

    def __init__(self, timeout: httpx.Timeout) -> None:
        super().__init__()
        self._timeout = timeout

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions["timeout"] = self._timeout.as_dict()
        response = super().handle_request(request)
        if response.status_code in BUSY or response.is_server_error:
            response.close()
            wait = retry_after(response.headers.get("retry-after"))
            raise VendorUnavailable(retry_after=wait, used={})
        return response


@contextmanager
def _errors_translated() -> Iterator[None]:
    try:
        yield
    except ReplicateError as error:
        raise VendorRejected(reason=f"{error.status}", used={}) from error
    except (httpx.HTTPError, *UNREADABLE) as error:
        raise VendorUnavailable from error


def _refusal(said: str) -> Exception:
    if any(word in said.lower() for word in REFUSALS):
        return ContentRefused()
    return ImageRejected()
