"""The schema changes, and changes back, while the release before serves its users."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import requests
from alembic import command

from chalicelib import migrations
from chalicelib.workers.migrate import with_patience
from local.home import CHECKOUT
from local.ports import answers_http, choose
from local.settings import process_environment
from local.sign_in import sign_in
from local.stack import Stack
from tests.drills.servers import wait_until

ROUNDS = 5
USERS = 4


@dataclass
class Load:
    """What users of the release before have seen, and how long each answer took."""

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

    def _use(self, token: str, is_over: Event) -> None:
        with requests.Session() as http:
            http.trust_env = False
            http.headers["Authorization"] = f"Bearer {token}"
            while not is_over.is_set():
                self._ask(http, "GET", "/auth/me")
                self._ask(http, "PATCH", "/auth/me", {"display_name": "Ada"})
                wish = {"name": "Ada", "description": "Ada is calm and kind."}
                job = self._ask(http, "POST", "/personas/generate", wish).get("job")
                self._ask(http, "GET", "/personas/me")
                self._ask(http, "GET", "/jobs")
                if job:
                    self._ask(http, "POST", f"/jobs/{job['id']}/cancel")

    def _ask(
        self, http: requests.Session, method: str, path: str, body: object = None
    ) -> dict[str, dict[str, str]]:
        started = time.monotonic()
        answer = http.request(method, self.url + path, json=body, timeout=30)
        self.seconds.append(time.monotonic() - started)
        self.statuses[answer.status_code] += 1
        found: dict[str, dict[str, str]] = answer.json() if answer.content else {}
        return found

    def slowest_of_a_hundred(self) -> float:
        return sorted(self.seconds)[int(len(self.seconds) * 0.99)]


@dataclass(frozen=True)
class Changed:
    revisions: tuple[str, str]
    quiet: Load
    changing: Load
    seconds: list[float]


def change(stack: Stack, old: Path, before: str, after: str) -> Changed:
    """Serve the code in `old` on its schema, and take the schema up and down under it."""
    migrations.upgrade(before)
    with serving(stack, old) as url:
        tokens = [sign_in(stack.env, f"User {n}")["access_token"] for n in range(USERS)]
        quiet, changing, seconds = Load(url), Load(url), list[float]()
        with quiet.going_on(tokens):
            time.sleep(5)
        with changing.going_on(tokens):
            for _ in range(ROUNDS):
                seconds += [timed(lambda: migrations.upgrade(after)), timed(lambda: down(before))]
            time.sleep(1)
    return Changed((before, after), quiet, changing, seconds)


def down(revision: str) -> None:
    command.downgrade(migrations.config(), revision)


def timed(move: Callable[[], None]) -> float:
    started = time.monotonic()
    with_patience(move)
    time.sleep(0.5)
    return round(time.monotonic() - started - 0.5, 2)


@contextmanager
def serving(stack: Stack, tree: Path) -> Iterator[str]:
    """Serve the API of another checkout on this stack."""
    port = choose(["api"], "free")["api"]
    environment = process_environment(stack.env | {"DATABASE_POOL_SIZE": "8"})
    stack.env["API_URL"] = f"http://127.0.0.1:{port}"
    assert tree != CHECKOUT
    with subprocess.Popen(  # noqa: S603 - our own code, as it was
        [sys.executable, "-m", "local.api", "--port", str(port)],
        cwd=tree,
        env=environment,
        stdout=subprocess.DEVNULL,
    ) as server:
        try:
            wait_until(lambda: answers_http(port, "/health"), "the release before does not serve")
            yield stack.env["API_URL"]
        finally:
            server.kill()
