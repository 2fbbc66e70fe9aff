"""The walk through the whole flow, against the real provider and a small stand-in for the API."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from jose import jwt

from local.google import Server
from local.sign_in import REDIRECT_URI, Attempt, SignInFailed, id_token, sign_in
from tests.local.google.visitor import CLIENT_ID


@contextmanager
def answering(status: int, answer: object) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Answer every request alike, and keep the bodies."""
    bodies: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            bodies.append({"path": self.path, **json.loads(self.rfile.read(length))})
            self.do_GET()

        def do_GET(self) -> None:
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_request(self, *_: object) -> None: ...

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.server_port}", bodies
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


@pytest.fixture
def env(google: Server) -> dict[str, str]:
    return {"GOOGLE_ISSUER": google.issuer, "GOOGLE_CLIENT_ID": CLIENT_ID}


def test_the_id_token_is_the_accounts_and_holds_the_nonce(env: dict[str, str]) -> None:
    token, nonce = id_token(env, "Grace Hopper")
    claims = jwt.get_unverified_claims(token)
    assert (claims["email"], claims["nonce"]) == ("grace@example.com", nonce)


def test_every_sign_in_has_its_own_nonce(env: dict[str, str]) -> None:
    assert id_token(env, "Ada")[1] != id_token(env, "Ada")[1]


def test_the_api_gets_the_token_and_the_nonce_and_its_answer_is_returned(
    env: dict[str, str],
) -> None:
    with answering(200, {"access_token": "a"}) as (api, bodies):
        assert sign_in({**env, "API_URL": api}, "Ada Lovelace") == {"access_token": "a"}
    (body,) = bodies
    assert body["path"] == "/auth/google-login"
    assert body["provider"] == "google"
    assert jwt.get_unverified_claims(body["token"])["nonce"] == body["nonce"]


def test_a_refusal_of_the_api_is_reported(env: dict[str, str]) -> None:
    with (
        answering(401, {"code": "invalid_token"}) as (api, _),
        pytest.raises(SignInFailed, match=r"did not sign Ada in: 401 .*invalid_token"),
    ):
        sign_in({**env, "API_URL": api}, "Ada")


def test_an_api_that_is_not_there_is_reported(env: dict[str, str]) -> None:
    with pytest.raises(SignInFailed, match=r"127\.0\.0\.1:9 does not answer"):
        sign_in({**env, "API_URL": "http://127.0.0.1:9"}, "Ada")


def test_a_name_that_the_provider_refuses_is_reported(env: dict[str, str]) -> None:
    with pytest.raises(SignInFailed, match="shows a page"):
        id_token(env, "x" * 81)


def test_an_unregistered_client_is_reported(env: dict[str, str]) -> None:
    with pytest.raises(SignInFailed, match=r"shows a page \(400\)"):
        id_token({**env, "GOOGLE_CLIENT_ID": "another"}, "Ada")


@pytest.mark.parametrize("name", ["GOOGLE_ISSUER", "GOOGLE_CLIENT_ID"])
def test_a_missing_setting_is_named(env: dict[str, str], name: str) -> None:
    del env[name]
    with pytest.raises(SignInFailed, match=f"{name} is not set"):
        id_token(env, "Ada")


def test_the_real_google_is_left_to_a_browser(env: dict[str, str]) -> None:
    with pytest.raises(SignInFailed, match="sign in there with a browser"):
        id_token({**env, "GOOGLE_ISSUER": "https://accounts.google.com"}, "Ada")


def test_a_provider_of_another_name_is_refused(env: dict[str, str]) -> None:
    with (
        answering(200, {"issuer": "http://evil.example"}) as (issuer, _),
        pytest.raises(SignInFailed, match=r"says it is http://evil\.example"),
    ):
        id_token({**env, "GOOGLE_ISSUER": issuer}, "Ada")


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("code=c", "another state"),
        ("code=c&state=", "another state"),
        ("code=c&state=wrong", "another state"),
        ("state={state}", "no code"),
        ("error=access_denied&state={state}", "refused: access_denied"),
        ("error=access_denied&state=wrong", "another state"),
    ],
)
def test_a_callback_without_the_state_or_a_code_is_refused(query: str, reason: str) -> None:
    attempt = Attempt()
    with pytest.raises(SignInFailed, match=reason):
        attempt.read_code(f"{REDIRECT_URI}?{query.format(state=attempt.state)}")


def test_a_callback_to_another_address_is_refused() -> None:
    attempt = Attempt()
    with pytest.raises(SignInFailed, match="another address"):
        attempt.read_code(f"http://evil.example/?code=c&state={attempt.state}")


def test_an_id_token_of_another_sign_in_is_refused(env: dict[str, str]) -> None:
    token, _ = id_token(env, "Ada")
    with pytest.raises(SignInFailed, match="its nonce differs"):
        Attempt().check_nonce(token)


@pytest.mark.parametrize("token", ["", "a", "a.b.c", "a.e30.c", "a.W10.c", "a.////.c"])
def test_an_id_token_without_a_nonce_is_refused(token: str) -> None:
    with pytest.raises(SignInFailed, match="holds no nonce"):
        Attempt().check_nonce(token)
