"""A provider's published keys, over HTTP: one pinned address, little time, few bytes."""

import json
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import requests
from urllib3.exceptions import HTTPError

from chalicelib.core.errors import Unavailable

TIMEOUT_SECONDS: Final = 2.0
MAX_BYTES: Final = 64 * 1024


def fetch(url: str, *, timeout: float = TIMEOUT_SECONDS) -> Mapping[str, Any]:
    """Raise `Unavailable` unless the address itself answers with a JSON object."""
    deadline = time.monotonic() + timeout
    try:
        with requests.get(
            url,
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            timeout=timeout,
            allow_redirects=False,
            stream=True,
        ) as response:
            return _read_object(_read(response, deadline))
    except (requests.RequestException, HTTPError, OSError) as error:
        raise Unavailable from error


def _read(response: requests.Response, deadline: float) -> bytes:
    """Take what has arrived, piece by piece: a server that drips cannot hold us up for long."""
    if response.status_code != HTTPStatus.OK:
        raise Unavailable
    content = b""
    while chunk := response.raw.read1(MAX_BYTES, decode_content=False):
        content += chunk
        if len(content) > MAX_BYTES or time.monotonic() > deadline:
            raise Unavailable
    return content


def _read_object(content: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Unavailable from error
    if not isinstance(document, dict):
        raise Unavailable
    return document
