"""Files out of the API and into it, as a client does it."""

from dataclasses import dataclass
from typing import Any

import requests

from local.stack import Stack
from tests.client import Answer, Api


@dataclass(frozen=True)
class Downloaded:
    told: dict[str, Any]
    content: bytes
    headers: dict[str, str]


def export(api: Api, persona_id: str, wanted: str) -> Downloaded:
    answer = api.post(f"/personas/{persona_id}/export", {"format": wanted})
    assert answer.status == 201, answer
    fetched = requests.get(answer.json["download_url"], timeout=5)
    assert fetched.status_code == 200
    headers = {name.lower(): value for name, value in fetched.headers.items()}
    return Downloaded(answer.json, fetched.content, headers)


def send(api: Api, content: bytes) -> tuple[str, int]:
    """Send a file where the API says; return its key, and what the store said."""
    room = api.post("/personas/uploads")
    assert room.status == 201, room
    sent = requests.post(
        room.json["upload_url"],
        data=room.json["fields"],
        files={"file": ("card", content)},
        timeout=20,
    )
    return room.json["upload_key"], sent.status_code


def import_file(api: Api, content: bytes, **fields: Any) -> Answer:
    key, status = send(api, content)
    assert status == 204
    return api.post("/personas/import", {"upload_key": key, **fields})


def stored(stack: Stack, api: Api, persona_id: str) -> bytes:
    """The portrait as it lies in the store."""
    location = api.get(f"/personas/{persona_id}/image").headers["Location"]
    fetched = requests.get(location, timeout=5)
    assert fetched.status_code == 200
    return fetched.content
