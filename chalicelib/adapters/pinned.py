"""One request to the very address that was checked, cut off when its time is over."""

import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from http.client import HTTPException
from threading import Timer

import certifi
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError

from chalicelib.core.addresses import Origin, is_address, is_public

CONNECT_SECONDS = 3.0
BROKEN = (HTTPError, HTTPException, OSError)
"""What a connection raises that fails, or whose answer is no HTTP."""


class AddressRefused(Exception):
    """The name leads to where only we can go."""


def resolve(origin: Origin, *, listed: Sequence[Origin]) -> str:
    """Return the address to connect to. A private one is refused, unless a listed origin is that
    very address. Raises `OSError` when nobody knows the name."""
    found = socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    is_named = is_address(origin.host) and any(each.host == origin.host for each in listed)
    if not is_named and not all(map(is_public, addresses)):
        raise AddressRefused
    return addresses[0]


@contextmanager
def connected(origin: Origin, address: str, *, seconds: float) -> Iterator[HTTPConnection]:
    """Connect to this address: a second look-up could give another. A server that keeps the
    connection busy is cut off, too, however little it sends at a time."""
    deadline = time.monotonic() + seconds
    reachable = min(seconds, CONNECT_SECONDS)
    with ExitStack() as stack:
        plain = stack.enter_context(socket.create_connection((address, origin.port), reachable))
        # TLS takes the socket over and says goodbye before it closes; a duplicate can just cut.
        twin = stack.enter_context(plain.dup())
        watchdog = Timer(deadline - time.monotonic(), _cut, (twin,))
        watchdog.daemon = True
        watchdog.start()
        stack.callback(watchdog.cancel)
        plain.settimeout(seconds)
        connection = HTTPConnection(address, origin.port, timeout=seconds)
        stack.callback(connection.close)
        connection.sock = _secured(plain, origin)
        yield connection


def _secured(plain: socket.socket, origin: Origin) -> socket.socket:
    if origin.scheme == "http":
        return plain
    return _trust().wrap_socket(plain, server_hostname=origin.host)


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certifi.where())


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):  # the other end was quicker
        connection.shutdown(socket.SHUT_RDWR)
