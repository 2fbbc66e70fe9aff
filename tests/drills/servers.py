"""PostgreSQL beside the stack's own: clusters of a drill, and what runs on them for a while."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from local.postgres import Cluster, program
from local.service import Service, last_lines
from local.stack import Stack
from local.unprivileged import identity_for

PATIENCE_SECONDS = 60


def primary_of(stack: Stack) -> Cluster:
    folder = stack.home.data / "postgres"
    return Cluster(
        "postgres",
        data=folder / "postgres",
        port=stack.port_of["postgres"],
        password=json.loads(stack.home.secrets.read_text())["superuser_password"],
        identity=identity_for(program("postgres"), folder),
        durable=False,
    )


def standby_of(stack: Stack) -> Cluster:
    primary = primary_of(stack)
    data = primary.data.with_name("standby")
    return replace(primary, name="standby", data=data, port=stack.port_of["standby"])


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@contextmanager
def running(
    cluster: Cluster, command: list[str | Path], *, log: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - PostgreSQL's own programs
            [*cluster.identity.prefix, *command],
            env=cluster.environment(),
            cwd="/",
            user=cluster.identity.user,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(PATIENCE_SECONDS)


def run(cluster: Cluster, *command: str | Path) -> None:
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own programs
        [*cluster.identity.prefix, *command],
        env=cluster.environment(),
        cwd="/",
        user=cluster.identity.user,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@contextmanager
def serving(cluster: Cluster, settings: Mapping[str, str], *, log: Path) -> Iterator[None]:
    """Serve a cluster while this lasts, once it takes writes."""
    server: Service = cluster.server(cluster.answers, settings)
    command = list(server.command)[len(cluster.identity.prefix) :]
    with running(cluster, command, log=log) as process:

        def takes_writes() -> bool:
            assert process.poll() is None, last_lines(log)
            return cluster.answers("SELECT NOT pg_is_in_recovery()")

        wait_until(takes_writes, f"it does not serve: {log}")
        yield
