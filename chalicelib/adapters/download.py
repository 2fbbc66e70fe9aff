"""Fetch what a vendor says it has made, without being sent anywhere else (SSRF)."""

import time
from collections.abc import Sequence
from contextlib import closing

import urllib3

from chalicelib.adapters.pinned import BROKEN, AddressRefused, connected, resolve
from chalicelib.adapters.waits import retry_after
from chalicelib.core.addresses import Target, matches, origin_of, target_of
from chalicelib.core.ports import ImageRejected, VendorUnavailable

CHUNK = 64 * 1024
OK = 200
BUSY = {408, 429}


class Downloads:
    """Download from the named origins only. `https://*.host` stands for every subdomain.

    A private address is refused, unless an origin in the list is that very address.
    """

    def __init__(self, sources: Sequence[str], *, timeout: float, max_bytes: int) -> None:
        self._sources = [origin_of(source) for source in sources]
        self._seconds = timeout
        self._max_bytes = max_bytes

    def fetch(self, url: str) -> bytes:
        """Raise `ImageRejected` for a URL or an answer that is not to be trusted, and
        `VendorUnavailable` when trying again may help."""
        target = self.checked(url)
        deadline = time.monotonic() + self._seconds
        try:
            address = resolve(target.origin, listed=self._sources)
            with connected(target.origin, address, seconds=self._seconds) as connection:
                connection.request(
                    "GET", target.resource, headers={"Host": target.netloc}, preload_content=False
                )
                with closing(connection.getresponse()) as response:
                    return self._content(response, deadline)
        except AddressRefused as error:
            raise ImageRejected from error
        except BROKEN as error:
            raise VendorUnavailable from error

    def checked(self, url: str) -> Target:
        """Return where a URL leads that may be fetched; raise `ImageRejected` otherwise."""
        try:
            target = target_of(url)
        except ValueError as error:
            raise ImageRejected from error
        if not any(matches(target.origin, source) for source in self._sources):
            raise ImageRejected
        return target

    def _content(self, response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
        if response.status in BUSY or response.status >= 500:  # noqa: PLR2004 - they pass
            raise VendorUnavailable(retry_after=retry_after(response.headers.get("retry-after")))
        if response.status != OK:
            raise ImageRejected
        content = bytearray()
        while chunk := response.read1(CHUNK):  # what has arrived, however little
            content += chunk
            if len(content) > self._max_bytes:
                raise ImageRejected
        if time.monotonic() > deadline:
            raise VendorUnavailable  # it was cut off, which may look like its end
        return bytes(content)
