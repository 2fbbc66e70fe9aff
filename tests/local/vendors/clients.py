"""Replicate's own client, with a connection that is closed at the end."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from replicate.client import Client

MODEL = "prompthero/openjourney"
SMALL = {"prompt": "a baker", "width": 256, "height": 256}


@contextmanager
def connected(url: str) -> Iterator[Client]:
    with httpx.HTTPTransport() as transport:
        client = Client(api_token="r8_local", base_url=url, transport=transport)
        client.poll_interval = 0.02
        yield client
