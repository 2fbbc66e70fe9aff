"""Serve the API on this machine with Chalice's local gateway, mended where it would mislead."""

import argparse
import json
import logging
import re
import signal
import sys
from email.message import Message
from http import HTTPStatus
from http.server import HTTPServer
from importlib import import_module
from io import BufferedIOBase
from socketserver import TCPServer
from typing import Any
from uuid import uuid4

from chalice.app import Chalice
from chalice.config import Config
from chalice.local import (
    ChaliceRequestHandler,
    LocalChalice,
    LocalDevServer,
    RouteMatcher,
    ThreadedHTTPServer,
)

from chalicelib.core import problems
from chalicelib.core.api import cors_headers
from chalicelib.core.logging import bound
from local.ports import HOST
from local.settings import STAGE, chalice_config

_MAX_BODY = 10 * 1024 * 1024  # what API Gateway takes
_MAX_LINE = 64 * 1024
_IDLE_SECONDS = 75

_WITHOUT_LENGTH = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}

# Not the standard library's names: they change with its versions.
_CODES = {413: "payload_too_large", 414: "uri_too_long", 431: "headers_too_large"}

# A request that makes no sense is the client's fault, whatever the standard library says.
_MEANT = {
    HTTPStatus.NOT_IMPLEMENTED: HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.HTTP_VERSION_NOT_SUPPORTED: HTTPStatus.BAD_REQUEST,
}

log = logging.getLogger(__name__)


class UnusableBody(Exception):
    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class Handler(ChaliceRequestHandler):
    # Chalice writes the headers and the body of an answer apart, and the second waits 40 ms until
    # the client has acknowledged the first. They leave together, and at once.
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    timeout = _IDLE_SECONDS

    def __init__(
        self,
        request: bytes,
        client_address: tuple[str, int],
        server: HTTPServer,
        app_object: Chalice,
        config: Config,
    ) -> None:
        self._routes = RouteMatcher(list(app_object.routes))
        self._body: bytes | None = None
        super().__init__(request, client_address, server, app_object, config)

    def respond(self) -> None:
        try:
            self._body = read_body(self.headers, self.rfile)
        except UnusableBody as error:
            self.send_error(error.status)
            return
        if self._is_routed():
            self._generic_handle()
        else:
            self._send_problem(HTTPStatus.NOT_FOUND, {})

    do_GET = do_HEAD = do_OPTIONS = do_TRACE = respond  # noqa: N815 - the server's names
    do_POST = do_PUT = do_PATCH = do_DELETE = respond  # noqa: N815

    def handle_expect_100(self) -> bool:
        goes_on: bool = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no request; what follows it on the connection cannot be told apart."""
        del message, explain
        self.close_connection = True
        self.request_version = self.protocol_version
        status = HTTPStatus(code)
        self._send_problem(_MEANT.get(status, status), {"Connection": "close"})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the application logs its requests itself."""

    def _is_routed(self) -> bool:
        try:
            self._routes.match_route(self.path)
        except ValueError:
            return False
        return True

    def _parse_payload(self) -> tuple[dict[str, Any], bytes | None]:
        return dict(self.headers), self._body

    def _send_http_response(
        self, code: int, headers: dict[str, Any], body: str | bytes | None
    ) -> None:
        is_problem = headers.get("Content-Type") == problems.CONTENT_TYPE
        if code == HTTPStatus.METHOD_NOT_ALLOWED and not is_problem:
            self._send_problem(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": headers["Allow"]})
            return
        content = (body or "").encode() if not isinstance(body, bytes) else body
        self.send_response(code)
        if code not in _WITHOUT_LENGTH:
            self.send_header("Content-Length", str(len(content)))
        self._send_headers({"Content-Type": "application/json", **headers})
        if self.command != "HEAD":
            self.wfile.write(content)

    def _send_problem(self, status: HTTPStatus, headers: dict[str, Any]) -> None:
        request_id = str(uuid4())
        with bound(request_id=request_id):
            if status in problems.FALLBACKS:
                document = problems.from_status(status)
            else:
                code = _CODES.get(status, "bad_request")
                detail = f"{status.description or status.phrase}."
                document = problems.document(status, code=code, detail=detail)
            log.info("request", extra={"method": None, "route": None, "status": int(status)})
        sent = getattr(self, "headers", None)  # there are none before they have been parsed
        answer = {
            "Content-Type": problems.CONTENT_TYPE,
            "X-Request-Id": request_id,
            "X-Content-Type-Options": "nosniff",
            **cors_headers(dict(sent or {})),
            **headers,
        }
        self._send_http_response(status, answer, json.dumps(document))


class Server(ThreadedHTTPServer):
    request_queue_size = 128

    def server_bind(self) -> None:
        """Skip the look-up of this machine's own name: it may take seconds without a network."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def read_body(headers: Message, stream: BufferedIOBase) -> bytes | None:
    coding, lengths = headers.get("transfer-encoding"), headers.get_all("content-length", [])
    if len(lengths) > 1 or (coding is not None and lengths):
        raise UnusableBody(HTTPStatus.BAD_REQUEST)  # where the request ends is anybody's guess
    if coding is not None:
        if coding.strip().lower() != "chunked":
            raise UnusableBody(HTTPStatus.BAD_REQUEST)
        return _read_chunks(stream)
    length = headers.get("content-length", "0")
    if not re.fullmatch(r"[0-9]{1,18}", length):
        raise UnusableBody(HTTPStatus.BAD_REQUEST)
    if int(length) > _MAX_BODY:
        raise UnusableBody(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return stream.read(int(length)) or None


def _read_chunks(stream: BufferedIOBase) -> bytes:
    body = bytearray()
    while size := _chunk_size(stream.readline(_MAX_LINE)):
        if len(body) + size > _MAX_BODY:
            raise UnusableBody(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        body += stream.read(size)
        stream.readline(_MAX_LINE)
    while stream.readline(_MAX_LINE).strip():
        pass  # trailers
    return bytes(body)


def _chunk_size(line: bytes) -> int:
    if (size := re.match(rb"([0-9a-fA-F]{1,8})\s*(;|$)", line)) is None:
        raise UnusableBody(HTTPStatus.BAD_REQUEST)
    return int(size[1], 16)


def server_of(app: Chalice, port: int) -> LocalDevServer:
    """Return a server that listens already; each of its threads sees its own current request."""
    app.__class__ = type("LocalApp", (LocalChalice, type(app)), {})
    config = Config(chalice_stage=STAGE, config_from_disk=chalice_config())
    return LocalDevServer(app, config, HOST, port, handler_cls=Handler, server_cls=Server)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.api")
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    server = server_of(import_module("app").app, port)
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: sys.exit())
    server.serve_forever()


if __name__ == "__main__":
    main()
