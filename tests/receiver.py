"""Somebody who waits for webhooks: a small HTTP server, and what it was told."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Event, Thread
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from chalicelib import wiring
from chalicelib.adapters.valkey import ValkeyCache
from chalicelib.core import config
from tests.client import Answer, Api

SIGNING = ("webhook-id", "webhook-timestamp", "webhook-signature")


@dataclass(frozen=True)
class Heard:
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> dict[str, object]:
        """What it says, after a receiver's own library has verified it."""
        return dict(Webhook(secret).verify(self.body, dict(self.headers)))


class Receiver:
    """Answers 200, unless it has been told what to answer next."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.heard: list[Heard] = []
        self.arrivals: Queue[Heard] = Queue()
        self.may_answer = Event()
        self.may_answer.set()
        self._server = _server(self)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self.url = f"{self.origin}/hooks?key=open-sesame"

    def answer(self, *statuses: int, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers += [(status, named) for status in statuses]

    def next(self) -> Heard:
        return self.arrivals.get(timeout=10)

    @contextmanager
    def listening(self) -> Iterator[None]:
        thread = Thread(target=self._server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield
        finally:
            self.may_answer.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def _server(receiver: Receiver) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            heard = Heard(self.path, headers, body)
            receiver.heard.append(heard)
            receiver.arrivals.put(heard)
            receiver.may_answer.wait()
            status, headers = receiver.answers.pop(0) if receiver.answers else (200, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"a long story that nobody wants to hear")

        def log_message(self, *_: object) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def hand_on(visitor: Api, heard: Heard, **changed: Any) -> Answer:
    """Send our API what was meant for it, as it came, or changed."""
    headers = {name: heard.headers[name] for name in SIGNING} | changed.get("headers", {})
    path, body = changed.get("path", heard.path), changed.get("body", heard.body)
    return visitor.request("POST", path, raw=body, headers=headers)


@contextmanager
def settings_with(**values: str | None) -> Iterator[None]:
    """The application under other settings; None leaves one out."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in values.items():
            environment.delenv(name, raising=False)
            if value is not None:
                environment.setenv(name, value)
        _read_anew()
        yield
    _read_anew()


def _read_anew() -> None:
    config.settings.cache_clear()
    wiring.ports().__dict__.pop("webhooks", None)
    leave_cache()


def leave_cache() -> None:
    """Close what is connected; whoever asks next connects anew."""
    cache = wiring.ports().__dict__.pop("cache", None)
    if isinstance(cache, ValkeyCache):
        cache.close()
