"""The whole stack: what starts after what, what stops before what, and what is kept of it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Any, Self

from local import aws, postgres, services, valkey
from local.guardian import Registry, identity_of
from local.history import History
from local.home import CHECKOUT, Home, replace_text
from local.ports import HOST, USUAL, Choice, choose
from local.postgres import Cluster
from local.service import Cancelled, Launcher, Process, Service, ServiceFailed
from local.settings import (
    UserSettings,
    as_dotenv,
    backing_settings,
    load_secrets,
    stage_settings,
)
from local.unprivileged import identity_for

BACKING = ("postgres", "standby", "valkey", "aws", "google", "vendors")
APPLICATION = ("api", "worker", "schedules")
ORDER = (*BACKING, *APPLICATION)


def _silence(_line: str) -> None:
    pass


@dataclass
class Stack:
    """The stack runs while a `with` lasts. `env` holds the settings of the application."""

    directory: Path
    _: KW_ONLY
    backing_only: bool = False
    fsync: bool = False
    ports: Choice = "free"
    user: UserSettings = field(default_factory=UserSettings)
    say: Callable[[str], None] = _silence
    cancelled: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self.home = Home(self.directory.resolve())
        self.env: dict[str, str] = {}
        self.port_of: dict[str, int] = {}
        self.processes: dict[str, Process] = {}
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.enter_context(self.home.lock())
            self._prepare()
            registry = undo.enter_context(_guarded(self.home))
            undo.callback(self._stop)
            self._launcher = Launcher(self.home, registry, cancelled=self.cancelled)
            self._start_backing()
            if not self.backing_only:
                self._start_application()
            self._publish()
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._undo.close()

    def also(self, service: Service) -> None:
        """Start one more, which ends with the stack."""
        self._launch(service)

    def let_make_roles(self) -> None:
        """Let the database's owner do what RDS's may: make roles."""
        postgres.let_make_roles(self._cluster("postgres"))

    def death(self) -> ServiceFailed | None:
        """Return how a service has ended by itself, if one has."""
        deaths = (process.death() for process in self.processes.values())
        return next((death for death in deaths if death is not None), None)

    def _prepare(self) -> None:
        for vendor, who in self.user.vendors().items():
            self._tell(vendor, who)
        self.home.withdraw()
        self.home.create()
        for leftover in self.home.old_registries():
            Registry(leftover).end_all()
            leftover.unlink(missing_ok=True)
        self._secrets = load_secrets(self.home.secrets)
        clusters = self.home.data / "postgres"
        clusters.mkdir(mode=0o700, exist_ok=True)
        self._identity = identity_for(postgres.program("postgres"), clusters)
        names = BACKING if self.backing_only else (*BACKING, "api")
        self.port_of = choose(names, self.ports)
        for name, port in self.port_of.items():
            if self.ports == "usual" and port != USUAL[name]:
                self.say(f"port {USUAL[name]} is taken: {name} listens on {port}")
        self._own = backing_settings(self.port_of, self._secrets) | stage_settings()
        self.env = self.user.over(self._own)

    def _start_backing(self) -> None:
        """Start what needs nothing at once. Only PostgreSQL has others waiting for it."""
        data = self.home.data
        with self._together() as begin:
            begin(self._launch, aws.server(data / "aws", self.port_of["aws"], self._own))
            begin(self._make_resources)
            begin(self._start_emulator, "google")
            if self.user.needs_emulator:
                begin(self._start_emulator, "vendors")
            begin(self._launch, valkey.server(data / "valkey", self.port_of["valkey"]))
            primary = begin(self._start_postgres)
            begin(self._start_standby, primary)
            if not self.backing_only:
                begin(self._migrate, primary)

    def _start_application(self) -> None:
        with self._together() as begin:
            begin(self._launch, services.api(self.env, self.port_of["api"]))
            for name in ("worker", "schedules"):
                log = self.home.log(name)
                begin(self._launch, services.background(name, self.env, log=log))

    def _start_postgres(self) -> None:
        primary = self._cluster("postgres")
        self._started(postgres.start_primary(self._launcher, primary))
        postgres.provide_database(primary, self._secrets.database_password)

    def _start_standby(self, primary: Future[None]) -> None:
        primary.result()
        standby, leader = self._cluster("standby"), self._cluster("postgres")
        self._started(postgres.start_standby(self._launcher, standby, primary=leader))

    def _migrate(self, primary: Future[None]) -> None:
        primary.result()
        history = History(self._cluster("postgres"), kept=self.home.data / "migrated")
        if "DATABASE_URL" not in self.user.values and history.is_complete():
            return
        seconds = self._launcher.run(services.migration(self.env))
        history.keep()
        self._tell("migrate", f"done in {seconds:.2f} s")

    def _make_resources(self) -> None:
        output = self.home.data / "resources.json"
        wanted = self._own | {"MEDIA_BUCKET": self.env["MEDIA_BUCKET"]}
        self._launcher.run(services.aws_resources(wanted, output=output))
        self.env = self.user.over(self._own | json.loads(output.read_text()))

    def _start_emulator(self, name: str) -> None:
        state = self.home.data / name
        service = services.emulator(name, self.port_of[name], state=state)
        if name == "vendors":
            replace_text(state / "webhook-key", self._secrets.replicate_webhook_secret)
        self._launch(service)

    def _cluster(self, name: str) -> Cluster:
        return Cluster(
            name,
            data=self.home.data / "postgres" / name,
            port=self.port_of[name],
            password=self._secrets.superuser_password,
            identity=self._identity,
            durable=self.fsync,
        )

    def _launch(self, service: Service) -> None:
        self._started(self._launcher.launch(service))

    def _started(self, process: Process) -> None:
        self.processes[process.name] = process
        port = process.service.port
        where = f"  {HOST}:{port}" if port else ""
        self._tell(process.name, f"ready in {process.seconds_to_ready:.2f} s{where}")

    def _tell(self, name: str, text: str) -> None:
        self.say(f"{name:<10} {text}")

    @contextmanager
    def _together(self) -> Iterator[Callable[..., Future[None]]]:
        """Run what is begun inside at the same time; the first failure cancels the rest."""
        with ThreadPoolExecutor(len(ORDER)) as pool, ExitStack() as undo:
            undo.callback(self.cancelled.set)
            futures: list[Future[None]] = []

            def begin(task: Callable[..., None], *arguments: Any) -> Future[None]:
                futures.append(pool.submit(task, *arguments))
                return futures[-1]

            yield begin
            wait(futures, return_when=FIRST_EXCEPTION)
            _raise_failure(futures, cancel=self.cancelled.set)
            undo.pop_all()

    def _publish(self) -> None:
        pids = {name: process.popen.pid for name, process in self.processes.items()}
        state = {
            "pid": os.getpid(),
            "identity": identity_of(os.getpid()),
            "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "ports": {name: self.port_of[name] for name in pids if name in self.port_of},
            "pids": {name: pids[name] for name in ORDER if name in pids},
            "env": self.env,
        }
        self.home.publish(state, as_dotenv(self.env))

    def _stop(self) -> None:
        """Stop what stands on others before what it stands on."""
        started = time.monotonic()
        self.home.withdraw()
        for name in reversed(ORDER):
            if name in self.processes:
                self.processes[name].stop()
        self.say(f"stopped in {time.monotonic() - started:.2f} s")


@contextmanager
def _guarded(home: Home) -> Iterator[Registry]:
    """Keep a guardian while this lasts. It waits for the end of its standard input."""
    path = home.registry()
    path.touch()
    with home.log("guardian").open("ab") as log:
        guardian = subprocess.Popen(
            [sys.executable, "-m", "local.guardian", path],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=CHECKOUT,
            start_new_session=True,
        )
    registry = Registry(path)
    with guardian:
        try:
            yield registry
        finally:
            registry.end_all()
            path.unlink()
            guardian.kill()


def _raise_failure(futures: Sequence[Future[None]], *, cancel: Callable[[], None]) -> None:
    """Raise the first failure, which is never that another has made the rest stop."""
    if not any(future.done() and future.exception() for future in futures):
        return
    cancel()
    wait(futures)
    errors = [error for future in futures if (error := future.exception()) is not None]
    raise min(errors, key=lambda error: isinstance(error, Cancelled))
