"""The X-Ray daemon as Lambda has it beside a function: it takes parts of traces by UDP."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from chalicelib.core import tracing

REQUIRED = {"name", "id", "trace_id", "start_time", "end_time", "parent_id"}
ALLOWED = REQUIRED | {"type", "namespace", "annotations", "fault"}


@dataclass(frozen=True)
class Part:
    """A part of a trace, after making sure that X-Ray would take it."""

    text: str

    def __post_init__(self) -> None:
        said = self.said
        assert said.keys() >= REQUIRED, said
        assert said.keys() <= ALLOWED, said
        assert len(said["id"]) == 16
        assert said["start_time"] <= said["end_time"]

    @property
    def said(self) -> dict[str, Any]:
        return dict(json.loads(self.text))

    @property
    def name(self) -> str:
        return str(self.said["name"])

    @property
    def step(self) -> str:
        return str(self.said["annotations"].get("step", ""))


class Daemon:
    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.parts: list[Part] = []

    @property
    def address(self) -> str:
        return "{}:{}".format(*self._socket.getsockname())

    def hear(self) -> list[Part]:
        """Return every part that has come so far."""
        while True:
            try:
                header, _, document = self._socket.recv(65536).decode().partition("\n")
            except BlockingIOError:
                return self.parts
            assert json.loads(header) == {"format": "json", "version": 1}
            self.parts.append(Part(document))

    def close(self) -> None:
        self._socket.close()


@contextmanager
def listening() -> Iterator[Daemon]:
    daemon = Daemon()
    os.environ[tracing.DAEMON] = daemon.address
    try:
        yield daemon
    finally:
        del os.environ[tracing.DAEMON]
        daemon.close()


@contextmanager
def invoked(header: str) -> Iterator[None]:
    """As Lambda says to a function where its invocation stands in a trace."""
    os.environ[tracing.INVOCATION] = header
    try:
        yield
    finally:
        del os.environ[tracing.INVOCATION]
