"""Webhooks to wherever users want them, and to nowhere that only we can go (SSRF)."""

import time
from collections.abc import Mapping, Sequence
from contextlib import closing

from chalicelib.adapters.pinned import BROKEN, AddressRefused, connected, resolve
from chalicelib.adapters.waits import retry_after
from chalicelib.core.addresses import Target, origin_of, receiver_of
from chalicelib.core.ports import Receipt

OWN = {
    "Content-Type": "application/json",
    "User-Agent": "persona-ai-webhooks/1",
    "Connection": "close",
}


class OutgoingWebhooks:
    """A private address, and http, are only for the listed origins. The status of the answer is
    all that is read of it; a redirect is an answer like any other."""

    def __init__(self, origins: Sequence[str], *, timeout: float) -> None:
        self._listed = [origin_of(origin) for origin in origins]
        self._seconds = timeout

    def post(self, url: str, content: bytes, *, headers: Mapping[str, str]) -> Receipt:
        deadline = time.monotonic() + self._seconds
        try:
            target = receiver_of(url, listed=self._listed)
            return self._posted(target, content, headers, deadline)
        except (AddressRefused, ValueError):
            return Receipt(error="address_refused")
        except BROKEN as error:
            is_late = isinstance(error, TimeoutError) or time.monotonic() >= deadline
            return Receipt(error="timeout" if is_late else "unreachable")

    def _posted(
        self, target: Target, content: bytes, headers: Mapping[str, str], deadline: float
    ) -> Receipt:
        address = resolve(target.origin, listed=self._listed)
        with connected(target.origin, address, seconds=self._seconds) as connection:
            sent = {"Host": target.netloc, **OWN, **headers}
            connection.request("POST", target.resource, content, sent, preload_content=False)
            with closing(connection.getresponse()) as response:
                if time.monotonic() >= deadline:
                    raise TimeoutError  # it was cut off, which may look like the end of its headers
                wait = retry_after(response.headers.get("retry-after"))
                return Receipt(status=response.status, retry_after=wait)
