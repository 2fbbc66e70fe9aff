"""People who use the API over HTTP while something is done to what it stands on."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import requests

from local.ports import HOST, answers_http, choose
from local.settings import process_environment
from local.sign_in import sign_in
from tests.drills.servers import wait_until

SERVER_ERROR = 500
ANSWER_SECONDS = 30


@dataclass
class Load:
    """What the people have seen, and how long each answer took."""

    url: str
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    @contextmanager
    def going_on(self, tokens: list[str]) -> Iterator[None]:
        is_over = Event()
        threads = [Thread(target=self._use, args=(token, is_over)) for token in tokens]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            is_over.set()
            for thread in threads:
                thread.join()

    @property
    def errors(self) -> int:
        return sum(count for status, count in self.statuses.items() if status >= SERVER_ERROR)

    @property
    def slowest(self) -> float:
        return max(self.seconds)

    def slowest_of_a_hundred(self) -> float:
        return sorted(self.seconds)[int(len(self.seconds) * 0.99)]

    def _use(self, token: str, is_over: Event) -> None:
        with requests.Session() as http:
            http.trust_env = False
            http.headers["Authorization"] = f"Bearer {token}"
            while not is_over.is_set():
                self._go_round(http)

    def _go_round(self, http: requests.Session) -> None:
        self._ask(http, "GET", "/auth/me")
        self._ask(http, "PATCH", "/auth/me", {"display_name": "Ada"})
        wish = {"name": "Ada", "description": "Ada is calm and kind."}
        job = self._ask(http, "POST", "/personas/generate", wish).get("job")
        self._ask(http, "GET", "/personas/me")
        self._ask(http, "GET", "/auth/me/usage")
        self._ask(http, "GET", "/jobs")
        if job:
            self._ask(http, "POST", f"/jobs/{job['id']}/cancel")

    def _ask(
        self, http: requests.Session, method: str, path: str, body: object = None
    ) -> dict[str, Any]:
        started = time.monotonic()
        answer = http.request(method, self.url + path, json=body, timeout=ANSWER_SECONDS)
        self.seconds.append(time.monotonic() - started)
        self.statuses[answer.status_code] += 1
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found


@contextmanager
def serving(code: Path, settings: Mapping[str, str], *, log: Path) -> Iterator[str]:
    """Serve the API of a checkout, and return its address."""
    port = choose(["api"], "free")["api"]
    environment = process_environment({**settings, "DATABASE_POOL_SIZE": "8"})
    with (
        log.open("ab") as output,
        subprocess.Popen(  # noqa: S603 - our own code, as it was
            [sys.executable, "-m", "local.api", "--port", str(port)],
            cwd=code,
            env=environment,
            stdout=output,
            stderr=output,
        ) as server,
    ):
        try:
            wait_until(lambda: answers_http(port, "/health"), f"{code} does not serve: {log}")
            yield f"http://{HOST}:{port}"
        finally:
            server.kill()


def people(settings: Mapping[str, str], url: str, *, count: int) -> list[str]:
    """Sign people in, and return their tokens."""
    at = {**settings, "API_URL": url}
    return [str(sign_in(at, f"User {n}")["access_token"]) for n in range(count)]
