import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from jose import jwt

from local.google import Server, serve
from tests.local.google.visitor import CLIENT_ID, Visitor, host_of


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _talk(google: Server, message: bytes) -> bytes:
    host, _, port = host_of(google.issuer).partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(message)
        return connection.recv(1000)


def test_health_is_ok(visitor: Visitor) -> None:
    assert visitor.get("/health").json() == {"status": "ok"}


def test_discovery_names_the_issuer_and_its_endpoints(visitor: Visitor) -> None:
    described = visitor.get("/.well-known/openid-configuration").json()
    assert described["issuer"] == visitor.issuer
    assert described["authorization_endpoint"] == f"{visitor.issuer}/o/oauth2/v2/auth"
    assert described["token_endpoint"] == f"{visitor.issuer}/token"
    assert described["userinfo_endpoint"] == f"{visitor.issuer}/v1/userinfo"
    assert described["jwks_uri"] == f"{visitor.issuer}/oauth2/v3/certs"
    assert described["code_challenge_methods_supported"] == ["S256"]


def test_the_issuer_does_not_follow_the_host_header(visitor: Visitor) -> None:
    described = visitor.get("/.well-known/openid-configuration", Host="evil.example").json()
    assert described["issuer"] == visitor.issuer


def test_a_rotation_on_request_changes_the_key_that_signs(
    state: Path, browser: requests.Session
) -> None:
    with serve(0, state) as server:
        visitor = Visitor(server.issuer, browser)
        before = visitor.exchange(visitor.code()).json()["id_token"]
        kid = browser.post(f"{server.issuer}/_local/rotate", timeout=5).json()["kid"]
        after = visitor.exchange(visitor.code()).json()["id_token"]
        jwks = visitor.get("/oauth2/v3/certs").json()
    assert jwt.get_unverified_header(after)["kid"] == kid
    for token in (before, after):
        jwt.decode(
            token, jwks, algorithms=["RS256"], audience=CLIENT_ID, options={"verify_at_hash": False}
        )


def test_the_picture_of_an_account_is_an_image(visitor: Visitor) -> None:
    response = visitor.get("/avatar.svg?initial=%3C&tint=99")
    assert response.headers["Content-Type"].startswith("image/svg+xml")
    assert "&lt;</text>" in response.text


def test_an_unknown_page_is_not_found(visitor: Visitor) -> None:
    assert visitor.get("/elsewhere").status_code == 404


def test_a_wrong_method_is_told_the_right_one(visitor: Visitor) -> None:
    response = visitor.get("/token")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


def test_a_browser_may_ask_beforehand(visitor: Visitor) -> None:
    response = visitor.session.options(f"{visitor.issuer}/v1/userinfo", timeout=5)
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Authorization" in response.headers["Access-Control-Allow-Headers"]


def test_a_connection_is_kept_and_answers_at_once(visitor: Visitor) -> None:
    visitor.get("/health")
    began = time.perf_counter()
    for _ in range(20):
        assert "Connection" not in visitor.get("/health").headers
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"Content-Length: 65537", b"413"),
        (b"Content-Length: 9999999999999999999", b"413"),
        (b"Content-Length: -1", b"400"),
        (b"Content-Length: x", b"400"),
        (b"Transfer-Encoding: chunked", b"411"),
    ],
)
def test_a_body_of_unusable_length_is_refused(
    google: Server, headers: bytes, status: bytes
) -> None:
    answer = _talk(google, b"POST /token HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n\r\n")
    assert answer.split()[1] == status


def test_only_this_machine_is_listened_to(google: Server) -> None:
    assert google.issuer.startswith("http://127.0.0.1:")


def test_the_log_holds_no_codes(state: Path, browser: requests.Session) -> None:
    lines: list[str] = []
    with serve(0, state, announce=lines.append) as server:
        Visitor(server.issuer, browser).code()
    assert lines[0].endswith("POST /o/oauth2/v2/auth 302")


def test_the_program_serves_until_it_is_told_to_stop(
    state: Path, browser: requests.Session
) -> None:
    port = _free_port()
    command = [sys.executable, "-m", "local.google", "--port", str(port), "--state", str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:  # noqa: S603
        assert program.stdout is not None
        assert program.stdout.readline() == f"sign-in provider: http://127.0.0.1:{port}\n"
        assert browser.get(f"http://127.0.0.1:{port}/health", timeout=5).status_code == 200
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=2) == 0


def test_the_program_says_why_it_cannot_start(google: Server, state: Path) -> None:
    port = host_of(google.issuer).partition(":")[2]
    command = [sys.executable, "-m", "local.google", "--port", port, "--state", str(state)]
    result = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, timeout=20, check=False
    )
    assert result.returncode == 1
    assert result.stderr.startswith("The sign-in provider cannot start: [Errno 98]")
