"""A server of raw bytes on the loopback interface: it says what it is told to, and remembers what
it was asked."""

import json
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import Self, TypeVar

from chalicelib.adapters.download import Downloads

Result = TypeVar("Result")
Answer = Callable[[socket.socket], None]


@dataclass
class Wire:
    listener: socket.socket
    answer: Answer
    tls: ssl.SSLContext | None = None
    requests: list[str] = field(default_factory=list)
    """The head of every request, as it came."""
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def forget(self) -> Self:
        self.requests.clear()
        self.bodies.clear()
        self.connections = 0
        return self

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            Thread(target=self._serve_one, args=(connection,), daemon=True).start()

    def _serve_one(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, self._secured(connection) as secured:
            head, body = _read_request(secured)
            if head:
                self.requests.append(head)
                self.bodies.append(body)
                self.answer(secured)

    def _secured(self, connection: socket.socket) -> socket.socket:
        if self.tls is None:
            return connection
        return self.tls.wrap_socket(connection, server_side=True)


def _read_request(connection: socket.socket) -> tuple[str, bytes]:
    received = b""
    while b"\r\n\r\n" not in received:
        if not (more := connection.recv(65536)):
            return "", b""
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    if re.search(rb"expect: *100-continue", head, re.IGNORECASE):
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    found = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    missing = (int(found[1]) if found else 0) - len(body)
    while missing > 0 and (more := connection.recv(65536)):
        missing -= len(more)
        body += more
    return head.decode("latin-1"), body


@contextmanager
def listening(
    answer: Answer, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> Iterator[Wire]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listener:
        wire = Wire(listener, answer, tls)
        thread = Thread(target=wire.serve, daemon=True)
        thread.start()
        try:
            yield wire
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def said(content: bytes, *, status: str = "200 OK", headers: str = "") -> Answer:
    """Answer with these bytes and close."""
    lines = f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\nConnection: close\r\n{headers}"
    whole = f"{lines}\r\n".encode("latin-1") + content
    return lambda connection: connection.sendall(whole)


def said_json(value: object, *, status: str = "200 OK", headers: str = "") -> Answer:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return said(content, status=status, headers=f"Content-Type: application/json\r\n{headers}")


def within(seconds: float, call: Callable[[], Result]) -> Result:
    """Do what the call does, and raise `TimeoutError` when it takes longer than this."""
    outcome: Future[Result] = Future()

    def run() -> None:
        try:
            outcome.set_result(call())
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the caller
            outcome.set_exception(error)

    Thread(target=run, daemon=True).start()
    return outcome.result(timeout=seconds)


def downloads(*sources: str, timeout: float = 5.0, max_bytes: int = 1_000_000) -> Downloads:
    return Downloads(sources, timeout=timeout, max_bytes=max_bytes)
