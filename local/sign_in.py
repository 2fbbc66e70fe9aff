"""Sign in at the local provider as a browser and an application would, without either."""

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

REDIRECT_URI = "http://localhost:5173/callback"

_TIMEOUT = 10.0
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class SignInFailed(RuntimeError):
    """The message says in a sentence which step failed and why."""


@dataclass(frozen=True)
class Attempt:
    """The secrets of one sign-in. Nothing that does not fit them is accepted."""

    state: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def parameters(self, client_id: str) -> dict[str, str]:
        return {
            "client_id": client_id,
            "redirect_uri": REDIRECT_URI,
            "response_type": "code",
            "scope": "openid email profile",
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
        }

    def read_code(self, location: str) -> str:
        if not location.startswith(f"{REDIRECT_URI}?"):
            raise SignInFailed(f"The provider redirected to another address than {REDIRECT_URI}.")
        answer = dict(parse_qsl(urlsplit(location).query))
        if not secrets.compare_digest(answer.get("state", "").encode(), self.state.encode()):
            raise SignInFailed("The provider sent back another state than it was given.")
        if "error" in answer:
            text = answer.get("error_description", "")
            raise SignInFailed(f"The provider refused: {answer['error']}. {text}".rstrip())
        if "code" not in answer:
            raise SignInFailed("The provider sent back no code.")
        return answer["code"]

    def exchange(self, client_id: str, *, code: str) -> dict[str, str]:
        return {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": self.verifier,
            "client_id": client_id,
            "redirect_uri": REDIRECT_URI,
        }

    def check_nonce(self, token: str) -> None:
        """Look into the token only; whether it is genuine is for the API to find out."""
        try:
            payload = token.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            nonce = claims["nonce"]
        except (IndexError, KeyError, TypeError, ValueError) as error:
            raise SignInFailed("The ID token holds no nonce.") from error
        if nonce != self.nonce:
            raise SignInFailed("The ID token was made for another sign-in: its nonce differs.")


def id_token(env: Mapping[str, str], account: str) -> tuple[str, str]:
    """Return an ID token for the account, and the nonce that is in it."""
    attempt = Attempt()
    issuer, client_id = _setting(env, "GOOGLE_ISSUER"), _setting(env, "GOOGLE_CLIENT_ID")
    if urlsplit(issuer).hostname not in _LOOPBACK:
        raise SignInFailed(f"{issuer} is not the local provider: sign in there with a browser.")
    with _session() as browser:
        endpoints = _discover(browser, issuer)
        location = _choose(
            browser,
            endpoints["authorization_endpoint"],
            attempt.parameters(client_id),
            account=account,
        )
        form = attempt.exchange(client_id, code=attempt.read_code(location))
        response = _send(browser, "POST", endpoints["token_endpoint"], data=form)
    token = _read_answer(response, "The code was not exchanged for a token").get("id_token")
    if not isinstance(token, str):
        raise SignInFailed("The provider answered without an ID token.")
    attempt.check_nonce(token)
    return token, attempt.nonce


def sign_in(env: Mapping[str, str], account: str) -> dict[str, Any]:
    """Return what the API answers: its own tokens, and the user."""
    api = _setting(env, "API_URL")
    token, nonce = id_token(env, account)
    body = {"token": token, "provider": "google", "nonce": nonce}
    with _session() as application:
        response = _send(application, "POST", f"{api}/auth/google-login", json=body)
    return _read_answer(response, f"The API did not sign {account} in")


def _setting(env: Mapping[str, str], name: str) -> str:
    if not env.get(name):
        raise SignInFailed(f"{name} is not set: is the stack running?")
    return env[name]


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # a proxy for the internet cannot reach this machine's own ports
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
    return session


def _discover(browser: requests.Session, issuer: str) -> dict[str, Any]:
    response = _send(browser, "GET", f"{issuer}/.well-known/openid-configuration")
    endpoints = _read_answer(response, "The provider does not describe itself")
    if endpoints.get("issuer") != issuer:
        raise SignInFailed(f"The provider at {issuer} says it is {endpoints.get('issuer')}.")
    if not {"authorization_endpoint", "token_endpoint"} <= endpoints.keys():
        raise SignInFailed("The provider does not say where its endpoints are.")
    return endpoints


def _choose(
    browser: requests.Session, url: str, parameters: Mapping[str, str], *, account: str
) -> str:
    """Open the account chooser, press the account's button, and return where that leads."""
    page = _send(browser, "GET", url, params=parameters)
    if page.status_code == HTTPStatus.OK:
        page = _send(browser, "POST", page.url, data={"account": account})
    if not page.is_redirect:
        raise SignInFailed(
            f"The provider shows a page ({page.status_code}) instead of signing {account!r} in."
        )
    return page.headers["Location"]


def _send(
    session: requests.Session,
    method: str,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    data: Mapping[str, str] | None = None,
    json: Mapping[str, str] | None = None,
) -> requests.Response:
    try:
        return session.request(
            method,
            url,
            params=params,
            data=data,
            json=json,
            timeout=_TIMEOUT,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        raise SignInFailed(f"{urlsplit(url).netloc} does not answer: {error}") from error


def _read_answer(response: requests.Response, failure: str) -> dict[str, Any]:
    try:
        answer = response.json()
    except requests.JSONDecodeError:
        answer = None
    if not response.ok or not isinstance(answer, dict):
        raise SignInFailed(f"{failure}: {response.status_code} {response.text[:300]}")
    return answer
