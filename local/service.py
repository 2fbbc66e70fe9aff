"""One process of the stack: started, asked until it is ready, stopped."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from local.guardian import GRACE_SECONDS, Registry
from local.home import CHECKOUT, Home

_TICK_SECONDS = 0.02
_TAIL_LINES = 15

# The program begins only after its number is in the registry, and never if the supervisor dies
# before that: then the pipe that the shell reads is closed without a line.
_GATE = 'read -r _ && exec "$@" </dev/null'


class Cancelled(Exception):
    """The stack is to stop before it was ready."""


class ServiceFailed(Exception):
    def __init__(self, name: str, reason: str, *, log: Path) -> None:
        self.reason = reason
        self.tail = last_lines(log)
        super().__init__(f"{name} {reason}. The end of {log}:\n{self.tail}")


@dataclass(frozen=True)
class Service:
    name: str
    command: Sequence[str | Path]
    environment: Mapping[str, str]
    is_ready: Callable[[], bool] = lambda: True
    port: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    directory: Path = CHECKOUT
    user: int | None = None
    patience_seconds: float = 60.0


@dataclass
class Process:
    service: Service
    log: Path
    popen: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)
    seconds_to_ready: float = 0.0

    @property
    def name(self) -> str:
        return self.service.name

    def failure(self, reason: str) -> ServiceFailed:
        return ServiceFailed(self.name, reason, log=self.log)

    def death(self) -> ServiceFailed | None:
        code = self.popen.poll()
        return None if code is None else self.failure(f"has ended with code {code}")

    def stop(self) -> None:
        if self.popen.poll() is None:
            self._signal(self.service.stop_signal)
            try:
                self.popen.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                self._signal(signal.SIGKILL)
                self.popen.wait()

    def _signal(self, what: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, what)


class Launcher:
    def __init__(self, home: Home, registry: Registry, *, cancelled: Event) -> None:
        self._home = home
        self._registry = registry
        self._cancelled = cancelled

    def launch(self, service: Service) -> Process:
        """Start a service and return it once it answers; leave nothing running otherwise."""
        process = self._start(service)
        with ExitStack() as undo:
            undo.callback(process.stop)
            for _ in self._until_late(process):
                if (death := process.death()) is not None:
                    raise death
                if service.is_ready():
                    break
            undo.pop_all()
        process.seconds_to_ready = time.monotonic() - process.started
        return process

    def run(self, task: Service) -> float:
        """Run a task to its end and return how long it took."""
        process = self._start(task)
        with ExitStack() as undo:
            undo.callback(process.stop)
            for _ in self._until_late(process):
                if process.popen.poll() is not None:
                    break
        if process.popen.returncode != 0:
            raise process.failure(f"has failed with code {process.popen.returncode}")
        return time.monotonic() - process.started

    def pause(self, seconds: float) -> None:
        if self._cancelled.wait(seconds):
            raise Cancelled

    def _start(self, service: Service) -> Process:
        log = self._home.log(service.name)
        with log.open("ab") as output:
            popen = subprocess.Popen(
                ["/bin/sh", "-c", _GATE, service.name, *service.command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=service.environment,
                cwd=service.directory,
                user=service.user,
                start_new_session=True,
            )
        self._registry.add(popen.pid, service.stop_signal)
        if popen.stdin is not None:
            popen.stdin.write(b"go\n")
            popen.stdin.close()
        return Process(service, log, popen)

    def _until_late(self, process: Process) -> Iterator[None]:
        patience = process.service.patience_seconds
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            yield
            self.pause(_TICK_SECONDS)
        raise process.failure(f"is not ready after {patience:.0f} s")


def says(log: Path, text: str) -> bool:
    return log.exists() and text in log.read_text(errors="replace")


def last_lines(log: Path, count: int = _TAIL_LINES) -> str:
    try:
        lines = log.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    return "\n".join(f"  {line}" for line in lines[-count:])
