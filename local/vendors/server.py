"""The vendors over HTTP/1.1, on the loopback interface alone."""

import socket
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from pathlib import Path
from select import select
from socketserver import TCPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from local.vendors import control_api, openai_api, replicate_api
from local.vendors.counters import Counters
from local.vendors.emulator import Emulator
from local.vendors.faults import Faults
from local.vendors.latencies import Latencies
from local.vendors.messages import CutOff, Dropped, Refused, Reply, Request, Unanswered, json_reply
from local.vendors.predictions import Predictions
from local.vendors.routing import Route, Routes, anyone, find_route
from local.vendors.webhooks import Webhooks

HOST = "127.0.0.1"
LONGEST_HOLD_SECONDS = 3600

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_POLL_SECONDS = 0.05

health = Routes(anyone)


@health.get("/health")
def show_health(_emulator: Emulator, _request: Request) -> Reply:
    return json_reply({"status": "ok"})


_ROUTES: tuple[Route, ...] = tuple(
    chain(
        health,
        openai_api.routes,
        replicate_api.routes,
        replicate_api.files,
        control_api.routes,
    )
)


@dataclass(frozen=True)
class Server:
    port: int

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"


@contextmanager
def serve(port: int, state: Path) -> Iterator[Server]:
    """Answer until the context ends; port 0 takes a free one."""
    with _LoopbackServer(port, state) as http:
        thread = Thread(target=http.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        thread.start()
        try:
            yield Server(http.server_port)
        finally:
            http.emulator.predictions.close()
            http.shutdown()
            thread.join()


class _LoopbackServer(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, port: int, state: Path) -> None:
        super().__init__((HOST, port), _Handler)
        state.mkdir(parents=True, exist_ok=True)
        origin = Server(self.server_port).url
        predictions = Predictions(state, origin=origin, webhooks=Webhooks(state))
        self.emulator = Emulator(origin, predictions, Latencies(), Faults(), Counters())

    def server_bind(self) -> None:
        """Do not ask the resolver for this machine's name: without a network that takes seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.socket.getsockname()[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that leave: tests make them leave."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _LoopbackServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._started = time.monotonic()
        route, request = self._read()
        try:
            reply = route.view(self.server.emulator, request)
        except Refused as refused:
            reply = refused.reply
        except Unanswered:
            self._log(route, "held")
            self._hold()
            return
        except Dropped:
            self._log(route, "dropped")
            self._reset()
            return
        except CutOff as cut:
            self._log(route, "cut")
            self._cut(cut.reply)
            return
        self._log(route, str(reply.status))
        self.wfile.write(reply.encode())

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815  the base class names them

    def _read(self) -> tuple[Route, Request]:
        url = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=url.path,
            query=dict(parse_qsl(url.query)),
            headers={name.casefold(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("Content-Length", 0))),
        )
        return find_route(_ROUTES, request)

    def _log(self, route: Route, outcome: str) -> None:
        """Name the route by its template: the path and the body may tell who was asked about."""
        milliseconds = (time.monotonic() - self._started) * 1000
        print(f"{self.command} {route.template} {outcome} {milliseconds:.0f} ms", flush=True)

    def _hold(self) -> None:
        """Wait until the client gives up."""
        select([self.connection], [], [], LONGEST_HOLD_SECONDS)
        self.close_connection = True

    def _cut(self, reply: Reply) -> None:
        whole = reply.encode()
        self.wfile.write(whole[: len(whole) - len(reply.body) // 2 - 1])
        self._reset()

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Leave the log to `_log`."""
