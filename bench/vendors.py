"""The AI vendors as a bench needs them: answers at once known, sent after a fixed time.

The first time a question comes, the emulator is asked; after that its answer is repeated, so that
nothing but waiting takes the vendors' time. Every picture has the grain of a photograph, and its
size: about a megabyte.
"""

import base64
import io
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

import requests
from PIL import Image

HOST = "127.0.0.1"
GRAIN = 0.1
PATIENCE_SECONDS = 30


class Vendors:
    """They answer while a `with` lasts. `seconds` says how long, by the end of the path."""

    def __init__(self, upstream: str, seconds: dict[str, float]) -> None:
        self._upstream = upstream
        self._seconds = seconds
        self._known: dict[tuple[str, bytes], tuple[int, bytes]] = {}
        self._server = ThreadingHTTPServer((HOST, 0), _handler(self))

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, body: bytes) -> tuple[int, bytes]:
        started = time.monotonic()
        if (path, body) not in self._known:
            self._known[path, body] = self._ask(path, body)
        seconds = next(each for end, each in self._seconds.items() if path.endswith(end))
        time.sleep(max(0.0, seconds - (time.monotonic() - started)))
        return self._known[path, body]

    def _ask(self, path: str, body: bytes) -> tuple[int, bytes]:
        headers = {"Authorization": "Bearer bench", "Content-Type": "application/json"}
        answer = requests.post(
            self._upstream + path, data=body, headers=headers, timeout=PATIENCE_SECONDS
        )
        if not path.endswith("/images/generations"):
            return answer.status_code, answer.content
        content: dict[str, Any] = answer.json()
        drawn = base64.b64decode(content["data"][0]["b64_json"])
        content["data"][0]["b64_json"] = base64.b64encode(_photographed(drawn)).decode()
        return answer.status_code, json.dumps(content).encode()


def _photographed(drawn: bytes) -> bytes:
    """Lay a grain over the picture: a drawing packs far too well."""
    with Image.open(io.BytesIO(drawn)) as picture:
        grain = Image.effect_noise(picture.size, 16).convert("RGB")
        out = io.BytesIO()
        photograph = Image.blend(picture.convert("RGB"), grain, GRAIN)
        photograph.save(out, picture.format, quality=95, subsampling=0)
        return out.getvalue()


def _handler(vendors: Vendors) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, content = vendors.answer(self.path, body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
