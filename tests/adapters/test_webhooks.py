"""Webhooks go to the internet, or to a listed origin, and are over in time."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from chalicelib.adapters.pinned import BROKEN, CONNECT_SECONDS, AddressRefused, connected, resolve
from chalicelib.adapters.webhooks import OutgoingWebhooks
from chalicelib.core.addresses import Origin
from chalicelib.core.ports import Receipt
from tests.adapters.test_download import HOSTILE
from tests.adapters.wire import Answer, Wire, said, within

SENT = {"webhook-id": "msg_1"}


def post(url: str, *origins: str, seconds: float = 5.0) -> Receipt:
    return OutgoingWebhooks(origins, timeout=seconds).post(url, b"{}", headers=SENT)


@pytest.mark.parametrize("template", HOSTILE)
def test_a_hostile_url_connects_to_nobody(own: Wire, other: Wire, template: str) -> None:
    url = template.replace("{own}", str(own.port)).replace("{other}", str(other.port))
    assert post(url, own.url).status is None
    assert (own.connections, other.connections) == (0, 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "127.1", "[::1]"])
def test_without_a_list_nothing_on_this_machine_is_reached(other: Wire, host: str) -> None:
    for scheme in ("http", "https"):
        url = f"{scheme}://{host}:{other.port}/x"
        assert post(url) == Receipt(error="address_refused")
    assert other.connections == 0


@pytest.mark.parametrize("name", ["localhost", "2130706433", "127.1"])
def test_a_name_that_leads_to_this_machine_is_refused_where_it_is_looked_up(
    other: Wire, name: str
) -> None:
    """As with a name of the internet whose owner points it to us."""
    url = f"http://{name}:{other.port}"
    assert post(f"{url}/x", url) == Receipt(error="address_refused")
    assert other.connections == 0
    with pytest.raises(AddressRefused):
        resolve(Origin("https", name, 443), listed=[])


def test_a_listed_origin_gets_the_whole_message(own: Wire) -> None:
    own.answer = said(b"thanks", status="202 Accepted")
    assert post(f"{own.url}/hooks?key=1#part", own.url) == Receipt(status=202)
    [request] = own.requests
    lines = [line.lower() for line in request.splitlines()]
    assert lines[0] == "post /hooks?key=1 http/1.1"
    for expected in (
        f"host: 127.0.0.1:{own.port}",
        "webhook-id: msg_1",
        "content-type: application/json",
        "content-length: 2",
    ):
        assert expected in lines


def test_a_redirect_is_not_followed(own: Wire, other: Wire) -> None:
    own.answer = said(b"", status="307 Elsewhere", headers=f"Location: {other.url}/x\r\n")
    assert post(f"{own.url}/x", own.url) == Receipt(status=307)
    assert (own.connections, other.connections) == (1, 0)


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), ("99999", 900), ("-1", None), ("soon", None)]
)
def test_a_wait_is_passed_on(own: Wire, header: str, seconds: int | None) -> None:
    own.answer = said(b"", status="503 Busy", headers=f"Retry-After: {header}\r\n")
    assert post(f"{own.url}/x", own.url) == Receipt(status=503, retry_after=seconds)


def test_a_long_answer_is_not_read(own: Wire) -> None:
    sent = 0

    def pour(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while sent < 500_000_000:
            connection.sendall(b"x" * 65536)
            sent += 65536

    own.answer = pour
    assert within(5, lambda: post(f"{own.url}/x", own.url)) == Receipt(status=200)
    time.sleep(0.05)
    assert sent < 50_000_000


def _drip(*pieces: bytes) -> Answer:
    def answer(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.02)

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: time.sleep(5),
        _drip(b"HTTP/1.1 200 OK\r\nX: ", *[b"x"] * 200),
        _drip(*[b"HTTP/1.1 100 Continue\r\n\r\n"] * 200),
    ],
    ids=["silent", "dripping", "always about to go on"],
)
def test_a_receiver_that_takes_its_time_is_given_up(own: Wire, answer: Answer) -> None:
    own.answer = answer
    began = time.monotonic()
    receipt = within(5, lambda: post(f"{own.url}/x", own.url, seconds=0.3))
    assert receipt == Receipt(error="timeout")
    assert time.monotonic() - began < 2


def test_a_receiver_may_think_for_longer_than_a_connection_may_take(own: Wire) -> None:
    def think(connection: socket.socket) -> None:
        time.sleep(CONNECT_SECONDS + 0.2)
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    own.answer = think
    assert post(f"{own.url}/x", own.url, seconds=10) == Receipt(status=204)


@pytest.mark.parametrize("pause", [5.0, 0.02], ids=["silent", "dripping"])
def test_a_handshake_that_takes_its_time_is_given_up(pause: float) -> None:
    record = b"\x16\x03\x03\x40\x00" + b"\x02\x00\x3f\xfc" + b"\x03\x03" + b"x" * 300
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        pool.submit(_trickle, listener, record, pause)
        origin = Origin("https", "hooks.example.com", listener.getsockname()[1])
        began = time.monotonic()
        with pytest.raises(BROKEN), connected(origin, "127.0.0.1", seconds=0.3):
            pass
        assert time.monotonic() - began < 2


def _trickle(listener: socket.socket, content: bytes, pause: float) -> None:
    connection, _ = listener.accept()
    with connection, suppress(OSError):
        connection.settimeout(pause)
        for place in range(len(content)):
            connection.sendall(content[place : place + 1])
            with suppress(TimeoutError):
                if not connection.recv(65536):
                    return


@pytest.mark.parametrize(
    "said_instead", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\0" * 100]
)
def test_what_is_no_http_is_nobody(own: Wire, said_instead: bytes) -> None:
    own.answer = lambda connection: connection.sendall(said_instead)
    assert post(f"{own.url}/x", own.url) == Receipt(error="unreachable")


def test_a_name_that_nobody_knows_is_unreachable() -> None:
    assert post("https://nobody.invalid/x") == Receipt(error="unreachable")


def test_tls_asks_for_the_name_at_the_address_that_was_checked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        greeting = pool.submit(_first_bytes, listener)
        origin = Origin("https", "hooks.example.com", listener.getsockname()[1])
        with pytest.raises(BROKEN), connected(origin, "127.0.0.1", seconds=2):
            pass
    assert b"hooks.example.com" in greeting.result()


def _first_bytes(listener: socket.socket) -> bytes:
    connection, _ = listener.accept()
    with connection:
        return connection.recv(65536)
