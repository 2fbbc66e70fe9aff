"""What lies between the API and its cache, or its database, as bad as a test wants it."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread
from urllib.parse import urlsplit

CHUNK = 64 * 1024


@dataclass
class Relay:
    """It carries bytes both ways, unless it is told to be slow, silent or talkative."""

    target: tuple[str, int]
    delay: float = 0.0
    """How long each answer takes."""
    drips: bool = False
    """Whether an answer comes byte by byte, each in time."""
    says: bytes | None = None
    """What it answers in the place of the cache."""
    holds: bytes | None = None
    """What it carries only once `may_carry` is set."""
    may_carry: Event = field(default_factory=Event)
    held: Event = field(default_factory=Event)
    delivered: Event = field(default_factory=Event)
    commands: int = 0

    def __post_init__(self) -> None:
        self._door = socket.create_server(("127.0.0.1", 0))

    @property
    def port(self) -> int:
        return int(self._door.getsockname()[1])

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def close(self) -> None:
        self.may_carry.set()
        self._door.close()

    def welcome(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self.target)
            except OSError:
                client.close()
                continue
            Thread(target=self._carry, args=(client, server), daemon=True).start()
            Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError), server:
            while chunk := client.recv(CHUNK):
                self.commands += 1
                if self.says is not None:
                    client.sendall(self.says)
                    continue
                if self.holds is not None and self.holds in chunk:
                    self.held.set()
                    self.may_carry.wait()
                    server.sendall(chunk)
                    time.sleep(0.05)
                    self.delivered.set()
                    continue
                server.sendall(chunk)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError), client:
            while chunk := server.recv(CHUNK):
                time.sleep(self.delay)
                for piece in [bytes([each]) for each in chunk] if self.drips else [chunk]:
                    time.sleep(0.02 if self.drips else 0)
                    client.sendall(piece)


@contextmanager
def relaying(url: str) -> Iterator[Relay]:
    where = urlsplit(url)
    relay = Relay((str(where.hostname), int(where.port or 6379)))
    Thread(target=relay.welcome, daemon=True).start()
    try:
        yield relay
    finally:
        relay.close()
