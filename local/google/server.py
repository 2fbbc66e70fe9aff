"""The provider on a socket of this machine, by itself or inside a test."""

import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from threading import Thread
from types import TracebackType
from typing import Self

from local.google.clients import REGISTERED
from local.google.grants import Clock
from local.google.messages import Request, Response
from local.google.provider import Provider

_MAX_BODY = 64 * 1024
_IDLE_SECONDS = 60
_POLL_SECONDS = 0.1

Announce = Callable[[str], None]


class _UnusableBody(ValueError):
    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class _Listener(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, port: int, state: Path, *, clock: Clock, announce: Announce) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        issuer = f"http://127.0.0.1:{self.server_port}"
        self.provider = Provider(issuer, state=state, clients=REGISTERED, clock=clock)
        self.announce = announce

    def server_bind(self) -> None:
        """Skip the look-up of this machine's own name: it may take seconds without a network."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "local-sign-in"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = _IDLE_SECONDS
    server: _Listener

    def _serve(self) -> None:
        try:
            body = self._read_body()
        except _UnusableBody as error:
            self.close_connection = True
            self._send(Response(error.status, headers={"Connection": "close"}))
            return
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._send(self.server.provider.answer(Request(self.command, path, query, headers, body)))

    do_GET = do_POST = do_OPTIONS = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    def _read_body(self) -> bytes:
        if "transfer-encoding" in self.headers:
            raise _UnusableBody(HTTPStatus.LENGTH_REQUIRED)
        length = self.headers.get("content-length", "0")
        if not (length.isascii() and length.isdecimal()):
            raise _UnusableBody(HTTPStatus.BAD_REQUEST)
        if len(length) > len(str(_MAX_BODY)) or int(length) > _MAX_BODY:
            raise _UnusableBody(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return self.rfile.read(int(length))

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)

    def log_request(self, code: int | str = "-", _size: int | str = "-") -> None:
        """Leave the query out: it carries codes and states."""
        path = getattr(self, "path", "-").partition("?")[0]
        status = code.value if isinstance(code, HTTPStatus) else code
        self.server.announce(f"{self.log_date_time_string()} {self.command} {path} {status}")


class Server:
    """Listens from the start; answers while it is run, or inside a `with`."""

    def __init__(self, listener: _Listener) -> None:
        self._listener = listener
        self._thread = Thread(target=self.run, name="sign-in provider", daemon=True)

    @property
    def issuer(self) -> str:
        return self._listener.provider.issuer

    def run(self) -> None:
        self._listener.serve_forever(poll_interval=_POLL_SECONDS)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()


def serve(
    port: int, state: Path, *, clock: Clock = time.time, announce: Announce = lambda _: None
) -> Server:
    """Listen on a port of this machine, or on any free one if it is 0."""
    return Server(_Listener(port, state, clock=clock, announce=announce))
