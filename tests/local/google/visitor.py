"""A person with a browser, and the application that sent them, each step open to change."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import requests

from local.sign_in import REDIRECT_URI, Attempt

CLIENT_ID = "persona-local"
TIMEOUT = 5.0


class Clock:
    def __init__(self, now: float) -> None:
        self._now = now

    def __call__(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds


@dataclass
class Visitor:
    issuer: str
    session: requests.Session
    attempt: Attempt = field(default_factory=Attempt)

    def get(self, path: str, **headers: str) -> requests.Response:
        return self.session.get(f"{self.issuer}{path}", headers=headers, timeout=TIMEOUT)

    def ask(self, **changes: str | None) -> requests.Response:
        """Open the account chooser; a change to None leaves the parameter out."""
        return self._authorize("GET", changes, form={})

    def choose(self, account: str = "Ada Lovelace", **changes: str | None) -> requests.Response:
        return self._authorize("POST", changes, form={"account": account})

    def cancel(self) -> requests.Response:
        return self._authorize("POST", {}, form={"cancel": "yes"})

    def code(self, account: str = "Ada Lovelace") -> str:
        return self.attempt.read_code(self.choose(account).headers["Location"])

    def exchange(self, issued: str, **changes: str | None) -> requests.Response:
        form = _changed(self.attempt.exchange(CLIENT_ID, code=issued), changes)
        return self.session.post(f"{self.issuer}/token", data=form, timeout=TIMEOUT)

    def _authorize(
        self, method: str, changes: dict[str, str | None], *, form: dict[str, str]
    ) -> requests.Response:
        return self.session.request(
            method,
            f"{self.issuer}/o/oauth2/v2/auth",
            params=_changed(self.attempt.parameters(CLIENT_ID), changes),
            data=form,
            timeout=TIMEOUT,
            allow_redirects=False,
        )


def returned(response: requests.Response) -> dict[str, str]:
    """Read what a redirect hands to the application, and nobody but the application."""
    assert response.status_code == 302
    address, _, query = response.headers["Location"].partition("?")
    assert address == REDIRECT_URI
    return dict(parse_qsl(query, strict_parsing=True))


def refused(response: requests.Response) -> str:
    assert response.status_code in {400, 401}
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    answer = response.json()
    assert "id_token" not in answer
    assert "access_token" not in answer
    return str(answer["error"])


def host_of(url: str) -> str:
    return urlsplit(url).netloc


def _changed(parameters: dict[str, str], changes: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in {**parameters, **changes}.items() if value is not None}
