import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from chalicelib.adapters import jwks
from chalicelib.core.errors import Unavailable

Answer = Callable[[socket.socket], None]


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """Answer one connection, byte by byte if need be."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=_answer_one, args=(listener, answer))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/certs"
        finally:
            thread.join()


def _answer_one(listener: socket.socket, answer: Answer) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        try:
            answer(connection)
        except OSError:
            return


def _body(content: bytes, status: str = "200 OK", headers: str = "") -> Answer:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n{headers}\r\n"
    return lambda connection: connection.sendall(head.encode() + content)


def _sized(size: int) -> bytes:
    return json.dumps({"keys": "x" * (size - 12)}).encode()


def test_a_json_object_is_returned() -> None:
    with answering(_body(b'{"keys": []}')) as url:
        assert jwks.fetch(url) == {"keys": []}


def test_a_chunked_answer_is_read_to_its_end() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = b'4\r\n{"ke\r\n8\r\nys": []}\r\n0\r\n\r\n'
    with answering(lambda connection: connection.sendall(head + chunks)) as url:
        assert jwks.fetch(url) == {"keys": []}


def test_64_kilobytes_are_read() -> None:
    with answering(_body(_sized(64 * 1024))) as url:
        assert jwks.fetch(url)


@pytest.mark.parametrize(
    "answer",
    [
        _body(_sized(64 * 1024 + 1)),
        _body(b"[]"),
        _body(b"null"),
        _body(b""),
        _body(b"\xff"),
        _body(b"{"),
        _body(b"[" * 60_000),
        _body(b"{}", "500 Internal Server Error"),
        _body(b"{}", "404 Not Found"),
        _body(b"{}", "204 No Content"),
        _body(b"{}", "302 Found", "Location: http://127.0.0.1:9/\r\n"),
        lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"),
        lambda connection: connection.sendall(b"nonsense\r\n\r\n"),
        lambda connection: connection.close(),
    ],
    ids=[
        "more than 64 KB",
        "list",
        "null",
        "empty",
        "no UTF-8",
        "half an object",
        "deep",
        "500",
        "404",
        "204",
        "redirect",
        "cut off",
        "no HTTP",
        "hung up",
    ],
)
def test_anything_else_is_unavailable(answer: Answer) -> None:
    with answering(answer) as url, pytest.raises(Unavailable):
        jwks.fetch(url)


def test_a_redirect_is_not_followed() -> None:
    asked = Event()

    def answer_target(connection: socket.socket) -> None:
        asked.set()
        _body(b'{"keys": []}')(connection)

    with answering(answer_target) as target:
        redirect = _body(b"", "302 Found", f"Location: {target}\r\n")
        with answering(redirect) as url, pytest.raises(Unavailable):
            jwks.fetch(url)
        assert not asked.is_set()
        jwks.fetch(target)


def test_an_address_where_nobody_listens_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        jwks.fetch("http://127.0.0.1:9/certs")


def test_a_silent_server_is_given_up() -> None:
    silent = Event()
    began = time.monotonic()
    with (
        answering(lambda _: _wait(silent)) as url,
        _set_at_the_end(silent),
        pytest.raises(Unavailable),
    ):
        jwks.fetch(url, timeout=0.2)
    assert time.monotonic() - began < 1


def test_a_server_that_drips_is_given_up() -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(100):
            connection.sendall(b" ")
            time.sleep(0.02)

    began = time.monotonic()
    with answering(drip) as url:
        with pytest.raises(Unavailable):
            jwks.fetch(url, timeout=0.2)
        assert time.monotonic() - began < 1


def _wait(event: Event) -> None:
    event.wait(timeout=5)


@contextmanager
def _set_at_the_end(event: Event) -> Iterator[None]:
    try:
        yield
    finally:
        event.set()
