"""What a server may answer to a download, and what is made of it."""

import gzip
import socket
import ssl
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chalicelib.core.ports import ImageRejected, VendorUnavailable
from tests.adapters.wire import Answer, Wire, downloads, listening, said, within


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(own: Wire, other: Wire, status: int) -> None:
    own.answer = said(b"", status=f"{status} Moved", headers=f"Location: {other.url}/x\r\n")
    with pytest.raises(ImageRejected):
        downloads(own.url).fetch(f"{own.url}/x")
    assert (own.connections, other.connections) == (1, 0)


@pytest.mark.parametrize("status", [201, 204, 206, 300, 304, 400, 401, 403, 404, 410])
def test_any_other_answer_than_200_is_rejected(own: Wire, status: int) -> None:
    own.answer = said(b"", status=f"{status} Whatever")
    with pytest.raises(ImageRejected):
        downloads(own.url).fetch(f"{own.url}/x")


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 529])
def test_a_busy_server_may_be_asked_again(own: Wire, status: int) -> None:
    own.answer = said(b"", status=f"{status} Whatever", headers="Retry-After: 7\r\n")
    with pytest.raises(VendorUnavailable) as caught:
        downloads(own.url).fetch(f"{own.url}/x")
    assert caught.value.retry_after == 7
    assert own.connections == 1


def _pieces(*pieces: bytes, pause: float = 0.0, times: int = 1) -> Answer:
    def answer(connection: socket.socket) -> None:
        for piece in pieces[:-1]:
            connection.sendall(piece)
        for _ in range(times):
            connection.sendall(pieces[-1])
            time.sleep(pause)

    return answer


OK = b"HTTP/1.1 200 OK\r\n"
BROKEN: dict[str, Answer] = {
    "hung up": _pieces(b""),
    "no HTTP": _pieces(b"nonsense\r\n\r\n"),
    "half a body": _pieces(OK + b"Content-Length: 10\r\n\r\nabc"),
    "half a chunk": _pieces(OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\nabc"),
    "an odd chunk": _pieces(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n"),
    "no last chunk": _pieces(OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
    "a long line": _pieces(OK + b"X: " + b"x" * 70_000 + b"\r\n\r\n"),
    "too many lines": _pieces(OK + b"X: y\r\n" * 200 + b"\r\n"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_answer_may_be_asked_for_again(own: Wire, case: str) -> None:
    own.answer = BROKEN[case]
    with pytest.raises(VendorUnavailable):
        downloads(own.url).fetch(f"{own.url}/x")


def test_nobody_listening_is_an_outage() -> None:
    with pytest.raises(VendorUnavailable):
        downloads("http://127.0.0.1:9").fetch("http://127.0.0.1:9/x")


CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        said(b"x" * 1000),
        _pieces(OK + b"\r\n" + b"x" * 1000),
        _pieces(
            CHUNKED, b"64\r\n" + b"x" * 100 + b"\r\n", b"384\r\n" + b"x" * 900 + b"\r\n0\r\n\r\n"
        ),
    ],
    ids=["with a length", "until the end", "in chunks"],
)
def test_a_body_may_be_as_long_as_the_limit(own: Wire, answer: Answer) -> None:
    own.answer = answer
    assert downloads(own.url, max_bytes=1000).fetch(f"{own.url}/x") == b"x" * 1000
    with pytest.raises(ImageRejected):
        downloads(own.url, max_bytes=999).fetch(f"{own.url}/x")


def test_an_endless_body_is_cut_off(own: Wire) -> None:
    sent = 0

    def pour(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(OK + b"\r\n")
        while sent < 500_000_000:
            connection.sendall(b"x" * 65536)
            sent += 65536

    own.answer = pour
    with pytest.raises(ImageRejected):
        within(5, lambda: downloads(own.url, max_bytes=1000).fetch(f"{own.url}/x"))
    time.sleep(0.05)
    assert sent < 50_000_000


def test_a_compressed_bomb_is_not_inflated(own: Wire) -> None:
    bomb = gzip.compress(bytes(100_000_000))
    own.answer = said(bomb, headers="Content-Encoding: gzip\r\n")
    tracemalloc.start()
    try:
        downloads(own.url, max_bytes=1_000_000).fetch(f"{own.url}/x")
    except ImageRejected:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 10_000_000


def _seconds(call: Callable[[], object]) -> float:
    began = time.monotonic()
    with pytest.raises(VendorUnavailable):
        within(5, call)
    return time.monotonic() - began


@pytest.mark.parametrize(
    "answer",
    [
        _pieces(b"", pause=5.0),
        _pieces(OK, b"", pause=5.0),
        _pieces(OK + b"Content-Length: 9\r\n\r\nabc", b"", pause=5.0),
    ],
    ids=["before the head", "in the head", "in the body"],
)
def test_a_silent_server_is_given_up(own: Wire, answer: Answer) -> None:
    own.answer = answer
    assert _seconds(lambda: downloads(own.url, timeout=0.3).fetch(f"{own.url}/x")) < 1


@pytest.mark.parametrize(
    "answer",
    [
        _pieces(OK + b"Content-Length: 1000\r\n\r\n", b"x", pause=0.02, times=100),
        _pieces(CHUNKED, b"1\r\nx\r\n", pause=0.02, times=100),
        _pieces(OK + b"\r\n", b"x", pause=0.02, times=100),
        _pieces(OK, b"x", pause=0.02, times=100),
    ],
    ids=["with a length", "in chunks", "until the end", "in the head"],
)
def test_a_server_that_drips_is_given_up(own: Wire, answer: Answer) -> None:
    own.answer = answer
    assert _seconds(lambda: downloads(own.url, timeout=0.3).fetch(f"{own.url}/x")) < 1


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A certificate for 127.0.0.1 that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    _write_pem(file, key, certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def _write_pem(file: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    self_signed: ssl.SSLContext,
) -> None:
    with listening(said(b"a picture"), tls=self_signed) as wire:
        url = f"https://127.0.0.1:{wire.port}"
        with pytest.raises(VendorUnavailable):
            downloads(url).fetch(f"{url}/x")
        assert wire.requests == []
