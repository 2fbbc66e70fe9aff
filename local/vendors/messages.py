"""What travels over a connection, and the four ways in which no good answer comes back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

_REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def bearer(self) -> str:
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.casefold() == "bearer" else ""


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def encode(self) -> bytes:
        """Put head and body into one piece, so that one write sends both."""
        lines = [
            f"HTTP/1.1 {self.status} {_REASONS.get(self.status, 'Unnamed')}",
            f"Content-Type: {self.content_type}",
            f"Content-Length: {len(self.body)}",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


def json_reply(
    value: Any, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> Reply:
    return Reply(status, json.dumps(value, ensure_ascii=False).encode(), headers=headers or {})


class Refused(Exception):
    """The request gets this reply, and nothing was done."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class Unanswered(Exception):
    """No answer comes, however long the client waits."""


class Dropped(Exception):
    """The connection breaks before anything is answered."""


class CutOff(Exception):
    """The connection breaks in the middle of this reply."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply
