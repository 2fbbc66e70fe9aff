"""End the processes of a stack whose supervisor is dead.

The supervisor holds the only write end of the pipe that is the guardian's standard input. Whatever
ends the supervisor, `kill -9` included, closes that pipe, and then what the registry still names
is ended. The next start reads the same registry, in case the guardian was killed too.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

GRACE_SECONDS = 10.0
_TICK_SECONDS = 0.02
_FIELDS = 3  # of a line that was written to its end

_PROC = Path("/proc/self/stat")


@dataclass(frozen=True)
class Entry:
    """A process group by its leader. The identity tells it from a later user of its number."""

    pid: int
    stop_signal: signal.Signals
    identity: str

    def is_alive(self) -> bool:
        return is_same_process(self.pid, self.identity)

    def send(self, what: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, what)


class Registry:
    """The processes of one run of a supervisor, in a file that outlives it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, pid: int, stop_signal: signal.Signals) -> None:
        line = f"{pid} {int(stop_signal)} {identity_of(pid)}\n"
        with self._path.open("a") as file:
            file.write(line)

    def entries(self) -> list[Entry]:
        try:
            lines = self._path.read_text().splitlines()
        except FileNotFoundError:
            return []
        parts = [line.split(maxsplit=2) for line in lines]
        return [
            Entry(int(pid), signal.Signals(int(number)), identity)
            for pid, number, identity in (part for part in parts if len(part) == _FIELDS)
        ]

    def end_all(self) -> None:
        """Ask every process to end; insist after the grace."""
        alive = [entry for entry in self.entries() if entry.is_alive()]
        for entry in alive:
            entry.send(entry.stop_signal)
        for entry in _survivors(alive, GRACE_SECONDS):
            entry.send(signal.SIGKILL)
        _survivors(alive, GRACE_SECONDS)


def identity_of(pid: int) -> str:
    """Return when a process started, or nothing if it is dead. A zombie is dead."""
    return _identity_in_proc(pid) if _PROC.exists() else _identity_by_ps(pid)


def is_same_process(pid: int, identity: str) -> bool:
    return identity != "" and identity_of(pid) == identity


def _identity_by_ps(pid: int) -> str:
    command = ["/bin/ps", "-o", "stat=", "-o", "lstart=", "-p", str(pid)]
    answer = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"LC_ALL": "C"}
    )
    status, _, started = answer.stdout.strip().partition(" ")
    return "" if status.startswith("Z") else "-".join(started.split())


def _identity_in_proc(pid: int) -> str:
    try:
        line = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    fields = line.rpartition(")")[2].split()
    state, started = fields[0], fields[19]
    return "" if state in "ZX" else started


def _survivors(entries: Iterable[Entry], seconds: float) -> list[Entry]:
    deadline = time.monotonic() + seconds
    alive = list(entries)
    while alive and time.monotonic() < deadline:
        time.sleep(_TICK_SECONDS)
        alive = [entry for entry in alive if entry.is_alive()]
    return alive


def main() -> None:
    sys.stdin.buffer.read()
    Registry(Path(sys.argv[1])).end_all()


if __name__ == "__main__":
    main()
