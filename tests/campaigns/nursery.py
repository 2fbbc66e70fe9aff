"""A warmed parent whose children live one short life each.

Python's fork server is the parent of every process of a campaign. It runs a whole generation, so
that no child pays for imports and first times, and then closes every connection: no two processes
ever share a socket.
"""

import gc
import json
import logging
import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from uuid import uuid4

PATIENCE_SECONDS = 60
PLENTY = {"DAILY_TEXTS": "1000000", "DAILY_IMAGES": "1000000", "DAILY_BUDGET_DOLLARS": "1000000"}


class Killed(Exception):
    """The process has died at the place where it was to die."""


class RoleFailed(Exception):
    """A role raised what it should not have raised."""


@dataclass(frozen=True)
class Fate:
    """Where a process is struck, and how."""

    point: str
    blow: signal.Signals = signal.SIGKILL
    is_alone: bool = True
    """Whether its other steps are done by then, so that what it costs is known exactly."""


class Hand:
    """A process that does what it is told, until it is told no more or dies."""

    def __init__(self, fate: Fate | None = None) -> None:
        context = multiprocessing.get_context("forkserver")
        self.connection, other = context.Pipe()
        self._process = context.Process(target=_live, args=(other, fate), daemon=True)
        self._process.start()
        other.close()
        _living.add(self)

    def tell(self, role: str, *arguments: Any) -> None:
        self.connection.send((role, arguments))

    def answer(self) -> Any:
        """Return what the role has returned. Raises `Killed` when the process died in it."""
        try:
            if not self.connection.poll(PATIENCE_SECONDS):
                raise TimeoutError(self.state)
            is_well, answer = self.connection.recv()
        except (EOFError, ConnectionResetError):
            self._process.join()
            raise Killed from None
        if not is_well:
            raise RoleFailed(answer)
        return answer

    def ask(self, role: str, *arguments: Any) -> Any:
        self.tell(role, *arguments)
        return self.answer()

    @property
    def exit_code(self) -> int | None:
        self._process.join()
        return self._process.exitcode

    @property
    def state(self) -> str:
        """What the kernel says of it: R, S, T for stopped, ..."""
        stat = Path(f"/proc/{self._process.pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0]

    def go_on(self) -> None:
        os.kill(self._process.pid or 0, signal.SIGCONT)

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        _living.discard(self)
        self.connection.close()
        self._process.kill()
        self._process.join()


_living: set[Hand] = set()


def bury() -> None:
    """End whoever is left. Python would wait for ever for one that is stopped."""
    for hand in list(_living):
        hand.close()


def warm() -> None:
    """Be ready to fork: everything imported and used once, and nothing open."""
    from chalicelib import wiring  # noqa: PLC0415
    from chalicelib.core import db  # noqa: PLC0415
    from chalicelib.personas.services import GENERATE_PERSONA  # noqa: PLC0415
    from tests.campaigns import mail, points, roles, usual  # noqa: F401, PLC0415
    from tests.client import Api  # noqa: PLC0415

    logging.disable()
    gateway = os.environ["CAMPAIGN_GATEWAY"]
    os.environ |= {"PUBLIC_API_URL": gateway, "WEBHOOK_ORIGINS": json.dumps([gateway])}
    roles.use_mail()
    api = Api.signed_in(os.environ)
    for model in ("dall-e", "openjourney"):
        job = api.generate(f"Warm {uuid4().hex}", image_model=model).json["job"]
        roles.deliver([mail.Message(job["id"], job["id"], GENERATE_PERSONA)])
    with db.transaction() as writing, db.reading() as reading:
        engines = [writing.get_bind(), reading.get_bind()]
    for engine in engines:
        engine.dispose()  # type: ignore[union-attr]
    _use_clients_that_never_connected(wiring, roles)
    gc.collect()


def _use_clients_that_never_connected(wiring: Any, roles: Any) -> None:
    adapters = wiring.ports()
    for name, attribute in vars(type(adapters)).items():
        if isinstance(attribute, cached_property):
            adapters.__dict__.pop(name, None)
    adapters.warm_up()
    adapters.objects.sign("nothing")
    roles.use_mail()


def belongings() -> tuple[list[str], int]:
    """Return the TCP connections that this process has open, and how many threads it has."""
    ours = {str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}
    rows = Path("/proc/self/net/tcp").read_text().splitlines()[1:]
    open_now = [row for row in rows if f"socket:[{row.split()[9]}]" in ours]
    return open_now, threading.active_count()


def _live(connection: Connection, fate: Fate | None) -> None:
    from tests.campaigns import dooms, points, roles, usual  # noqa: PLC0415

    told: dict[str, Callable[..., Any]] = {**roles.ROLES, **usual.ROLES, "belongings": belongings}
    if fate is not None:
        point = {**points.POINTS, **usual.POINTS}[fate.point]
        gate = point.gate if fate.is_alone else None
        dooms.Doom(point.place, blow=fate.blow, gate=gate).arm()
    while True:
        try:
            role, arguments = connection.recv()
        except EOFError:
            return
        try:
            answer = True, told[role](*arguments)
        except Exception:  # noqa: BLE001 - whoever asked is told
            answer = False, traceback.format_exc()
        connection.send(answer)


def prepare(mail: Path, *, gateway: str) -> None:
    """Let the fork server start with the present environment, when the first child is asked for.
    The gateway is where Replicate believes our API to be, and where a client waits for webhooks."""
    os.environ |= {"CAMPAIGN_MAIL": str(mail), "CAMPAIGN_GATEWAY": gateway}
    multiprocessing.get_context("forkserver").set_forkserver_preload(["tests.campaigns.warmed"])


def killed(hand: Hand) -> bool:
    """Wait for the process, and tell whether it died by the blow."""
    try:
        hand.answer()
    except Killed:
        return hand.exit_code == -signal.SIGKILL
    finally:
        hand.close()
    return False
