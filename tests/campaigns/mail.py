"""A queue for campaigns: it loses nothing, and delivers twice, late and in any order if told to.

The AWS emulator does neither. What was sent and deleted is a file that processes append to, each
line in one write, so that a process may be killed at any moment and what it sent stays sent.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from chalicelib.jobs import timing
from tests.campaigns.clock import Clock


@dataclass(frozen=True)
class Message:
    id: str
    job_id: str
    kind: str


class LogQueue:
    """The `Queue` port, for the processes of a campaign."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, job_id: UUID, *, kind: str, delay_seconds: int = 0) -> None:
        sent = {"id": uuid4().hex, "job_id": str(job_id), "delay": delay_seconds}
        self._append({"sent": sent | {"kind": kind}})

    def delete(self, message_id: str) -> None:
        self._append({"deleted": message_id})

    def _append(self, line: Mapping[str, Any]) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, json.dumps(line).encode() + b"\n")
        finally:
            os.close(descriptor)


class Mailbox:
    """The queue's other end: what is visible at which moment of the product's time."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._read = 0
        self._hidden_until: dict[str, float] = {}
        self._messages: dict[str, Message] = {}

    def receive(self) -> list[Message]:
        """Return what is visible, and hide it for as long as SQS would."""
        now = self._clock.now
        visible = [each for each in self.left() if self._hidden_until[each.id] <= now]
        for message in visible:
            self._hidden_until[message.id] = now + timing.VISIBILITY.total_seconds()
        return visible

    def left(self) -> list[Message]:
        """Return what nobody has deleted, hidden or not."""
        self._fold()
        return list(self._messages.values())

    def _fold(self) -> None:
        if not self._path.exists():
            return
        with self._path.open() as lines:
            lines.seek(self._read)
            while line := lines.readline():
                self._apply(json.loads(line))
            self._read = lines.tell()

    def _apply(self, line: Mapping[str, Any]) -> None:
        if sent := line.get("sent"):
            self._messages[sent["id"]] = Message(sent["id"], sent["job_id"], sent["kind"])
            self._hidden_until[sent["id"]] = self._clock.now + sent["delay"]
        else:
            self._messages.pop(line["deleted"], None)
