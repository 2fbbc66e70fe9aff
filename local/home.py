"""Where one stack keeps everything it writes, and who may use it at a time."""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.guardian import is_same_process

CHECKOUT = Path(__file__).resolve().parent.parent

_OWNER_ONLY = 0o600


class AlreadyRunning(Exception):
    """A stack that lives holds the directory."""


class NotRunning(Exception):
    """No stack that is ready uses the directory."""


@dataclass(frozen=True)
class Home:
    path: Path

    @property
    def data(self) -> Path:
        return self.path / "data"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def secrets(self) -> Path:
        return self.path / "secrets.json"

    @property
    def state(self) -> Path:
        return self.path / "state.json"

    @property
    def settings(self) -> Path:
        return self.path / "stack.env"

    @property
    def _lock(self) -> Path:
        return self.path / "lock"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def registry(self) -> Path:
        """Name a file for the processes of this run; a run before may still be ending its own."""
        return self.path / f"processes.{os.getpid()}.{time.monotonic_ns()}"

    def old_registries(self) -> list[Path]:
        return list(self.path.glob("processes.*"))

    def create(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        self.logs.mkdir(mode=0o700, exist_ok=True)
        for log in self.logs.glob("*.log"):
            log.replace(log.with_suffix(".log.1"))

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the directory. The kernel lets go when the holder dies, however it dies."""
        self.path.mkdir(parents=True, exist_ok=True)
        with self._lock.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.seek(0)
                holder = file.read().strip() or "unknown"
                raise AlreadyRunning(
                    f"A stack is running in {self.path} already (process {holder})."
                ) from error
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield
            file.truncate(0)

    def clear(self) -> None:
        """Remove what a stack has written, and the directory if nothing else is in it."""
        for directory in (self.data, self.logs, self.path / "demo"):
            shutil.rmtree(directory, ignore_errors=True)
        for file in (self.secrets, self.state, self.settings, self._lock, *self.old_registries()):
            file.unlink(missing_ok=True)
        with suppress(OSError):
            self.path.rmdir()

    def publish(self, state: dict[str, Any], settings: str) -> None:
        replace_text(self.settings, settings)
        replace_text(self.state, json.dumps(state, indent=2))

    def withdraw(self) -> None:
        for file in (self.state, self.settings):
            file.unlink(missing_ok=True)

    def read_state(self) -> dict[str, Any]:
        """Return what a ready stack has said of itself, unless it is dead since."""
        try:
            state: dict[str, Any] = json.loads(self.state.read_text())
        except FileNotFoundError as error:
            raise NotRunning(f"No stack is ready in {self.path}: make up") from error
        if not is_same_process(state["pid"], state["identity"]):
            raise NotRunning(f"The stack in {self.path} is dead: make up")
        return state


def replace_text(path: Path, text: str) -> None:
    """Write a file for its owner alone; a reader finds the old text or the new, never half."""
    half = path.with_name(f".{path.name}.new")
    half.touch(_OWNER_ONLY)
    half.chmod(_OWNER_ONLY)
    half.write_text(text)
    half.replace(path)
