"""The program `python -m local`, from outside: what it starts, leaves and ends."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from local.guardian import Registry, identity_of, is_same_process
from local.home import CHECKOUT, Home, NotRunning
from local.service import ServiceFailed
from local.stack import BACKING, Stack

# Whatever is in the `.env` of this checkout.
UP = ("up", "--backing", "--free-ports", "--env-file", os.devnull)

Processes = Mapping[int, str]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One directory for all: each test finds the data of the one before."""
    return Home(tmp_path_factory.mktemp("a kept stack"))


def command(home: Home, *arguments: str) -> list[str]:
    name, *others = arguments
    return [sys.executable, "-m", "local", name, "--dir", str(home.path), *others]


def run(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own program
        command(home, *arguments), cwd=CHECKOUT, capture_output=True, text=True, check=False
    )


@contextmanager
def up(home: Home) -> Iterator[subprocess.Popen[str]]:
    """Give a stack that is ready."""
    with subprocess.Popen(  # noqa: S603 - our own program
        command(home, *UP),
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            eventually(lambda: is_ready(home, process), seconds=20)
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def is_ready(home: Home, process: subprocess.Popen[str]) -> bool:
    assert process.poll() is None, process.communicate()[0]
    try:
        return bool(home.read_state()["pid"] == process.pid)
    except NotRunning:
        return False


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    output, _ = process.communicate(timeout=20)
    return process.returncode, output


def registered(home: Home) -> Processes:
    (path,) = home.old_registries()
    entries = Registry(path).entries()
    return {entry.pid: entry.identity for entry in entries if entry.is_alive()}


def are_gone(processes: Processes) -> bool:
    return not any(is_same_process(pid, identity) for pid, identity in processes.items())


def eventually(is_true: Callable[[], bool], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            pytest.fail(f"not true within {seconds} s")
        time.sleep(0.02)


def ask(home: Home, text: str) -> list[Any]:
    url = home.read_state()["env"]["DATABASE_URL"]
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        answer = connection.execute(sa.text(text))
        return list(answer.scalars()) if answer.returns_rows else []


def test_an_interrupt_stops_everything_that_was_started(home: Home) -> None:
    with up(home) as process:
        ask(home, "CREATE TABLE kept AS SELECT 1 AS number")
        ports, processes = home.read_state()["ports"], registered(home)
        assert len(processes) == len(BACKING)
        process.send_signal(signal.SIGINT)
        code, output = ended(process)
    assert code == 0
    lines = output.splitlines()
    for name, port in ports.items():
        assert f"127.0.0.1:{port}" in next(line for line in lines if line.startswith(f"{name} "))
    assert str(home.logs) in output
    assert lines[-1].startswith("stopped in")
    assert are_gone(processes)
    assert not home.state.exists()
    assert not home.settings.exists()
    assert not home.old_registries()


def test_a_killed_supervisor_leaves_no_process_and_loses_no_data(home: Home) -> None:
    with up(home) as process:
        ask(home, "CREATE TABLE committed AS SELECT 2 AS number")
        processes = registered(home)
        process.kill()
        process.wait()
        with up(home) as successor:
            assert are_gone(processes)
            assert ask(home, "SELECT kept.number + committed.number FROM kept, committed") == [3]
            successor.terminate()
            assert ended(successor)[0] == 0


def test_the_guardian_needs_no_next_start(home: Home) -> None:
    with up(home) as process:
        processes = registered(home)
        process.kill()
        process.wait()
        eventually(lambda: are_gone(processes), seconds=10)
    answer = run(home, "status")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "is dead" in answer.stderr


def test_a_service_that_dies_is_named_with_the_end_of_its_log(home: Home) -> None:
    with up(home) as process:
        processes = registered(home)
        os.kill(home.read_state()["pids"]["postgres"], signal.SIGKILL)
        code, output = ended(process)
    assert code == 1
    assert "postgres has ended with code -9" in output
    assert f"The end of {home.log('postgres')}:" in output
    assert "database system is ready to accept connections" in output
    assert are_gone(processes)


def test_commands_find_the_running_stack(home: Home) -> None:
    with up(home) as process:
        environment = home.read_state()["env"]
        second = run(home, "up")
        assert second.returncode == 1
        assert "is running in" in second.stderr
        assert str(process.pid) in second.stderr
        assert run(home, "clean").returncode == 1
        assert home.data.exists()
        status = run(home, "status").stdout.splitlines()
        assert [line.split()[0] for line in status] == ["service", *BACKING]
        exported = subprocess.run(  # noqa: S603 - our own output
            ["/bin/sh", "-c", f"{run(home, 'env').stdout}\nprintenv ACCESS_TOKEN_KEYS"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert exported.stdout.strip() == environment["ACCESS_TOKEN_KEYS"]
        process.send_signal(signal.SIGTERM)
        assert ended(process)[0] == 0


@pytest.mark.parametrize("name", ["env", "status", "token"])
def test_without_a_stack_a_command_says_so(home: Home, name: str) -> None:
    answer = run(home, name, *(["Ada"] if name == "token" else []))
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.strip() == f"No stack is ready in {home.path}: make up"


def test_a_postmaster_file_with_the_number_of_another_process_is_no_obstacle(home: Home) -> None:
    postgres = home.data / "postgres" / "postgres"
    (postgres / "postmaster.pid").write_text(f"{os.getpid()}\n{postgres}\n")
    with Stack(home.path, backing_only=True):
        assert ask(home, "SELECT number FROM kept") == [1]


@pytest.mark.parametrize("loss", ["the end of a file", "its primary"])
def test_a_standby_that_cannot_follow_is_cloned_again(home: Home, loss: str) -> None:
    data = home.data / "postgres" / "standby"
    if loss == "the end of a file":
        os.truncate(data / "global" / "pg_control", 100)
    else:
        (data / "global" / "pg_control").write_bytes(b"another.")
    with Stack(home.path, backing_only=True) as stack:
        engine = sa.create_engine(stack.env["DATABASE_REPLICA_URL"], poolclass=sa.NullPool)
        with engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT number FROM kept")) == 1
            assert connection.scalar(sa.text("SELECT pg_is_in_recovery()"))


def test_a_service_that_cannot_start_stops_the_others(home: Home) -> None:
    kept = home.data / "valkey" / "appendonlydir"
    shutil.rmtree(kept)
    kept.write_text("no directory")
    stack = Stack(home.path, backing_only=True)
    with pytest.raises(ServiceFailed, match="valkey has ended") as failure, stack:
        pytest.fail("it runs")
    assert str(home.log("valkey")) in str(failure.value)
    assert all(process.popen.poll() is not None for process in stack.processes.values())
    kept.unlink()


def test_a_stack_that_is_cancelled_while_it_starts_leaves_nothing(home: Home) -> None:
    """Now and then it is ready before the signal comes: then it is started once more."""
    for _ in range(5):
        code, output, processes = cancelled(home)
        assert code == 0
        assert are_gone(processes)
        if "stopped before it was ready" in output:
            break
    assert "stopped before it was ready" in output


def cancelled(home: Home) -> tuple[int, str, Processes]:
    process = subprocess.Popen(  # noqa: S603 - our own program
        command(home, *UP),
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    )
    eventually(lambda: bool(home.old_registries()) and bool(registered(home)), seconds=10)
    processes = registered(home)
    process.send_signal(signal.SIGINT)
    return *ended(process), processes


def test_clean_removes_what_the_stack_has_written_and_nothing_else(home: Home) -> None:
    own = home.path / "notes.txt"
    own.write_text("mine")
    answer = run(home, "clean")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert list(home.path.iterdir()) == [own]


def test_clean_leaves_a_directory_alone_that_is_no_stack(home: Home) -> None:
    (home.path / "data").mkdir(parents=True)
    answer = run(home, "clean")
    assert (answer.returncode, answer.stdout) == (0, f"There is nothing in {home.path}.\n")
    assert (home.path / "data").exists()


def test_the_own_process_has_an_identity() -> None:
    assert is_same_process(os.getpid(), identity_of(os.getpid()))
