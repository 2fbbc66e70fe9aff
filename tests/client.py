"""The API as its users have it: requests in, status, headers and JSON out."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import uuid4

from chalice.test import Client

from local.sign_in import id_token

_numbers = count(1)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """The code of a problem, after making sure that it is a whole one."""
        assert self.headers["Content-Type"] == "application/problem+json", self
        problem = self.json
        expected = {"type", "title", "status", "detail", "instance", "code", "request_id"}
        assert set(problem) - {"errors", "limit", "missing"} == expected
        assert problem["status"] == self.status
        assert problem["detail"].endswith((".", "?", "`"))
        return str(problem["code"])


def insist(ask: Callable[[], Answer]) -> Answer:
    """Ask again while the server is too busy, as its answer says: fifty at once queue for one row,
    and on a slow machine the last ones wait in vain."""
    for _ in range(10):
        if (answer := ask()).status != 503:
            break
    return answer


@dataclass
class Api:
    env: Mapping[str, str] = field(repr=False)
    token: str | None = field(default=None, repr=False)
    user: dict[str, Any] = field(default_factory=dict)
    tokens: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def signed_in(cls, env: Mapping[str, str], account: str | None = None) -> "Api":
        """Sign a new person in through the provider's real flow."""
        api = cls(env)
        answer = api.log_in(account or f"Person {next(_numbers)} {uuid4().hex[:6]}")
        assert answer.status == 200, answer
        api.tokens = answer.json
        api.token, api.user = api.tokens["access_token"], api.tokens["user"]
        return api

    def renew(self) -> None:
        """Exchange the refresh token for new ones."""
        answer = self.post("/auth/refresh", {"refresh_token": self.tokens["refresh_token"]})
        assert answer.status == 200, answer
        self.tokens = answer.json
        self.token = self.tokens["access_token"]

    def log_in(self, account: str) -> Answer:
        token, nonce = id_token(self.env, account)
        return self.post("/auth/google-login", {"token": token, "nonce": nonce})

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, headers=headers)

    def post(self, path: str, body: object = None, **headers: str) -> Answer:
        return self.request("POST", path, body, headers=headers)

    def patch(self, path: str, body: object, **headers: str) -> Answer:
        return self.request("PATCH", path, body, headers=headers)

    def delete(self, path: str, **headers: str) -> Answer:
        return self.request("DELETE", path, headers=headers)

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        from app import app  # noqa: PLC0415 - once the stack's settings are in the environment

        sent = {"content-type": "application/json"}
        if self.token is not None:
            sent["authorization"] = f"Bearer {self.token}"
        sent |= {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        with Client(app) as client:
            response = client.http.request(method, path, headers=sent, body=content)
        return Answer(response.status_code, response.headers, response.body.decode())

    def generate(self, name: str = "Ada", **fields: Any) -> Answer:
        wish = {"name": name, "description": f"{name} is curious, calm and kind.", **fields}
        return self.post("/personas/generate", wish)
