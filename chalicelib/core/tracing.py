"""One trace from a request, through the queue, to the vendors' calls, in AWS X-Ray.

Lambda says in the environment where an invocation stands in a trace. A worker goes on with the
trace of its message instead, so that what it does belongs to the request that asked for it. Each
part is sent by itself, once it has ended, and says who did what and for how long, never with what.
"""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import cache
from os import environ
from secrets import token_hex
from time import time
from typing import Any, Literal

from chalicelib.core.logging import bound

INVOCATION = "_X_AMZN_TRACE_ID"
DAEMON = "AWS_XRAY_DAEMON_ADDRESS"

_PROTOCOL = b'{"format": "json", "version": 1}\n'
_HEADER = {
    "trace_id": re.compile(r"(?:^|;)Root=(1-[0-9a-f]{8}-[0-9a-f]{24})(?:;|$)"),
    "part_id": re.compile(r"(?:^|;)Parent=([0-9a-f]{16})(?:;|$)"),
}
_IS_SAMPLED = re.compile(r"(?:^|;)Sampled=1(?:;|$)")


@dataclass(frozen=True)
class Place:
    """Where in a trace we are: below which of its parts."""

    trace_id: str
    part_id: str
    is_sampled: bool
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def header(self) -> str:
        return f"Root={self.trace_id};Parent={self.part_id};Sampled={int(self.is_sampled)}"


_place: ContextVar[Place | None] = ContextVar("place", default=None)


def here() -> Place | None:
    return _place.get() or _read(environ.get(INVOCATION, ""))


def named() -> dict[str, str]:
    """Return what a line of the log says of the trace."""
    place = here()
    return {"trace_id": place.trace_id} if place else {}


def note(**facts: str | int | bool) -> None:
    """Add to what the part we are in says: searched for in X-Ray as `annotation.<name>`."""
    if (place := _place.get()) is not None:
        place.notes.update(facts)


@contextmanager
def following(header: str | None, *, name: str) -> Iterator[None]:
    """Work for a message, in the trace of whoever has sent it."""
    place = _read(header or "") or here()
    with _part(place, {"name": name}), bound(**named()):
        yield


@contextmanager
def call(name: str, *, namespace: Literal["aws", "remote"]) -> Iterator[None]:
    """Call somebody else."""
    with _part(here(), {"name": name, "type": "subsegment", "namespace": namespace}):
        yield


@contextmanager
def _part(place: Place | None, about: dict[str, Any]) -> Iterator[None]:
    daemon = environ.get(DAEMON)
    if place is None or not place.is_sampled or not daemon:
        with _at(place):
            yield
        return
    inside = replace(place, part_id=token_hex(8), notes={})
    document = {**about, "id": inside.part_id, "parent_id": place.part_id}
    document |= {"trace_id": place.trace_id, "start_time": time()}
    try:
        with _at(inside):
            yield
    except Exception as error:
        document["fault"] = True
        inside.notes.setdefault("error", type(error).__name__)
        raise
    finally:
        _send(document | {"end_time": time(), "annotations": inside.notes}, daemon)


@contextmanager
def _at(place: Place | None) -> Iterator[None]:
    token = _place.set(place)
    try:
        yield
    finally:
        _place.reset(token)


def _send(document: dict[str, Any], daemon: str) -> None:
    """Leave it to the daemon beside us. A trace that cannot be told of must stop nothing."""
    host, _, port = daemon.rpartition(":")
    try:
        _socket().sendto(_PROTOCOL + json.dumps(document).encode(), (host, int(port)))
    except (OSError, ValueError):
        return


@cache
def _socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    return made


def _read(header: str) -> Place | None:
    found = {name: pattern.search(header) for name, pattern in _HEADER.items()}
    values = {name: match[1] for name, match in found.items() if match}
    if values.keys() != found.keys():
        return None
    return Place(values["trace_id"], values["part_id"], is_sampled=bool(_IS_SAMPLED.search(header)))
