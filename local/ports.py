"""Ports of the loopback, and the questions that show whether somebody answers there."""

import http.client
import random
import socket
from collections.abc import Collection, Iterable
from http import HTTPStatus
from typing import Literal

HOST = "127.0.0.1"
USUAL = {
    "postgres": 25432,
    "standby": 25433,
    "valkey": 26379,
    "aws": 24566,
    "google": 24020,
    "vendors": 24010,
    "api": 28000,
}

Choice = Literal["usual", "free"]

# The kernel takes the source ports of connections from 32768 upwards.
_FREE = range(20000, 32768)
_ANSWER_SECONDS = 1.0


class NoFreePort(Exception):
    """Every port of the range is taken."""


def choose(names: Iterable[str], choice: Choice) -> dict[str, int]:
    """Return a port for each name: the usual one if it may be and is free, else any free one."""
    chosen: dict[str, int] = {}
    for name in names:
        usual = USUAL[name]
        wanted = choice == "usual" and is_free(usual)
        chosen[name] = usual if wanted else _any_free({*USUAL.values(), *chosen.values()})
    return chosen


def is_free(port: int) -> bool:
    return not _somebody_listens(port) and _can_bind(port)


def _any_free(reserved: Collection[int]) -> int:
    for port in random.sample(_FREE, len(_FREE)):
        if port not in reserved and is_free(port):
            return port
    raise NoFreePort(f"No port from {_FREE.start} to {_FREE.stop - 1} is free.")


def _somebody_listens(port: int) -> bool:
    """Ask before binding: macOS lets two sockets share a port if one names no address."""
    with socket.socket() as client:
        client.settimeout(_ANSWER_SECONDS)
        return client.connect_ex((HOST, port)) == 0


def _can_bind(port: int) -> bool:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind((HOST, port))
        except OSError:
            return False
    return True


def answers_http(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def answers_ping(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=_ANSWER_SECONDS) as client:
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
    except OSError:
        return False
