"""A relay in front of PostgreSQL that counts what a client says and how often it waits."""

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Self

HOST = "127.0.0.1"
CHUNK = 64 * 1024
HEADER = 5
"""A message is a letter, four bytes of length, and the rest of that length."""
SIMPLE_QUERY = b"Q"


@dataclass
class Heard:
    """`turns` counts how often the client spoke after the server did: each is a round trip."""

    turns: int = 0
    messages: Counter[str] = field(default_factory=Counter)
    _unread: bytearray = field(default_factory=bytearray)

    def hear(self, chunk: bytes, *, is_turn: bool) -> None:
        self.turns += is_turn
        self._unread += chunk
        while len(self._unread) >= HEADER:
            end = 1 + int.from_bytes(self._unread[1:HEADER])
            if len(self._unread) < end:
                break
            self.messages[_name(bytes(self._unread[:end]))] += 1
            del self._unread[:end]


class Relay:
    """It carries bytes while a `with` lasts, and reads along while `listening` does."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._heard: Heard | None = None
        self._server_spoke_last = True
        self._door = socket.create_server((HOST, 0))

    @property
    def port(self) -> int:
        return int(self._door.getsockname()[1])

    def __enter__(self) -> Self:
        Thread(target=self._welcome, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._door.close()

    @contextmanager
    def listening(self) -> Iterator[Heard]:
        """Begin between two requests: what is said before cannot be told from noise."""
        self._heard = Heard()
        self._server_spoke_last = True
        yield self._heard
        self._heard = None

    def _welcome(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            server = socket.create_connection((HOST, self._target))
            for each in (client, server):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            Thread(target=self._carry, args=(client, server), daemon=True).start()
            Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        while chunk := client.recv(CHUNK):
            if self._heard is not None:
                self._heard.hear(chunk, is_turn=self._server_spoke_last)
            self._server_spoke_last = False
            server.sendall(chunk)
        server.close()

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        while chunk := server.recv(CHUNK):
            self._server_spoke_last = True
            client.sendall(chunk)


def _name(message: bytes) -> str:
    kind, text = message[:1], message[HEADER:]
    if kind == SIMPLE_QUERY:
        return text.split(None, 1)[0].decode()
    return f"message {kind.decode()}"
