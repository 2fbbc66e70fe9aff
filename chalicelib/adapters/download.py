"""Fetch what a vendor says it has made, without being sent anywhere else (SSRF)."""

import ipaddress
import re
import socket
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit

import certifi
import urllib3
from urllib3.exceptions import HTTPError

from chalicelib.adapters.waits import retry_after
from chalicelib.core.ports import ImageRejected, VendorUnavailable

MAX_URL = 2048
CHUNK = 64 * 1024
OK = 200
BUSY = {408, 429}
PORTS = {"https": 443, "http": 80}
# IPv6 ranges that carry an IPv4 address inside, which could be a private one.
CARRIERS = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "2002::/16", "2001::/32")))
# What the standard library takes for public and is not: a 6to4 relay, a range for documentation.
SPECIAL = tuple(map(ipaddress.ip_network, ("192.88.99.0/24", "3fff::/20")))
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")

LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
NAME = re.compile(rf"{LABEL}(\.{LABEL})*")


@dataclass(frozen=True)
class Origin:
    scheme: str
    host: str
    port: int


class Downloads:
    """Download from the named origins only. `https://*.host` stands for every subdomain.

    A private address is refused, unless an origin in the list is that very address.
    """

    def __init__(self, sources: Sequence[str], *, timeout: float, max_bytes: int) -> None:
        self._sources = [_origin(source) for source in sources]
        self._seconds = timeout
        self._timeout = urllib3.Timeout(connect=3.0, read=timeout)
        self._max_bytes = max_bytes

    def fetch(self, url: str) -> bytes:
        """Raise `ImageRejected` for a URL or an answer that is not to be trusted, and
        `VendorUnavailable` when trying again may help."""
        origin = self.checked(url)
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        with self._pool(origin, self._address(origin)) as pool:
            try:
                response = pool.request(
                    "GET",
                    target,
                    headers={"Host": parts.netloc},
                    redirect=False,
                    retries=False,
                    preload_content=False,
                )
                with closing(response):
                    return self._content(response)
            except HTTPError as error:
                raise VendorUnavailable from error

    def checked(self, url: str) -> Origin:
        """Return the origin of a URL that may be fetched; raise `ImageRejected` otherwise."""
        is_plain = url.isascii() and url.isprintable() and not set(url) & set(" \\")
        if not is_plain or len(url) > MAX_URL:
            raise ImageRejected
        try:
            parts = urlsplit(url)
            origin = _origin(url)
        except ValueError as error:
            raise ImageRejected from error
        is_listed = any(_matches(origin, source) for source in self._sources)
        is_named = NAME.fullmatch(origin.host) or _is_address(origin.host)
        if "@" in parts.netloc or not is_named or not is_listed:
            raise ImageRejected
        return origin

    def _address(self, origin: Origin) -> str:
        try:
            found = socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise VendorUnavailable from error
        addresses = [str(entry[4][0]) for entry in found]
        is_named = any(source.host == origin.host for source in self._sources)
        if not (is_named and _is_address(origin.host)) and not all(map(is_public, addresses)):
            raise ImageRejected
        return addresses[0]

    def _pool(self, origin: Origin, address: str) -> urllib3.HTTPConnectionPool:
        # Connect to the address that was checked: a second look-up could give another.
        if origin.scheme == "http":
            return urllib3.HTTPConnectionPool(address, origin.port, timeout=self._timeout)
        return urllib3.HTTPSConnectionPool(
            address,
            origin.port,
            timeout=self._timeout,
            server_hostname=origin.host,
            assert_hostname=origin.host,
            ca_certs=certifi.where(),
        )

    def _content(self, response: urllib3.BaseHTTPResponse) -> bytes:
        if response.status in BUSY or response.status >= 500:  # noqa: PLR2004 - they pass
            raise VendorUnavailable(retry_after=retry_after(response.headers.get("retry-after")))
        if response.status != OK:
            raise ImageRejected
        deadline = time.monotonic() + self._seconds
        content = bytearray()
        while chunk := response.read1(CHUNK):  # what has arrived, however little
            content += chunk
            if len(content) > self._max_bytes:
                raise ImageRejected
            if time.monotonic() > deadline:
                raise VendorUnavailable
        return bytes(content)


def is_public(address: str) -> bool:
    """Whether the address is on the public internet, and carries no other one inside."""
    parsed = ipaddress.ip_address(address)
    inner = getattr(parsed, "ipv4_mapped", None) or parsed
    if inner.version == 6 and inner not in GLOBAL_UNICAST:  # noqa: PLR2004 - IPv6
        return False
    # Membership in a network of the other version is simply false.
    is_special = any(inner in network for network in (*CARRIERS, *SPECIAL))
    return inner.is_global and not inner.is_multicast and not is_special


def _origin(url: str) -> Origin:
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        message = "not an http(s) URL"
        raise ValueError(message)
    port = PORTS[parts.scheme] if parts.port is None else parts.port
    return Origin(parts.scheme, parts.hostname.removesuffix("."), port)


def _matches(origin: Origin, source: Origin) -> bool:
    if (origin.scheme, origin.port) != (source.scheme, source.port):
        return False
    if source.host.startswith("*."):
        return origin.host.endswith(source.host[1:])
    return origin.host == source.host


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
