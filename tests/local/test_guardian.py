import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.guardian import Registry, identity_of, is_same_process

Sleeper = subprocess.Popen[bytes]


@pytest.fixture
def sleeper() -> Iterator[Sleeper]:
    with subprocess.Popen(["/bin/sleep", "60"], start_new_session=True) as process:
        yield process
        process.kill()


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "processes")


def test_what_is_registered_is_ended_with_its_own_signal(
    registry: Registry, sleeper: Sleeper
) -> None:
    """SIGUSR1, because a test run in the background of a shell passes on that it ignores SIGINT."""
    registry.add(sleeper.pid, signal.SIGUSR1)
    registry.end_all()
    assert sleeper.wait(1) == -signal.SIGUSR1


def test_a_process_with_the_number_of_another_is_left_alone(
    registry: Registry, sleeper: Sleeper, tmp_path: Path
) -> None:
    (tmp_path / "processes").write_text(f"{sleeper.pid} 15 started-earlier\n")
    registry.end_all()
    assert sleeper.poll() is None


def test_a_line_that_was_cut_off_is_passed_over(
    registry: Registry, sleeper: Sleeper, tmp_path: Path
) -> None:
    (tmp_path / "processes").write_text(f"{sleeper.pid} 15")
    registry.end_all()
    assert sleeper.poll() is None


def test_there_may_be_no_registry(registry: Registry) -> None:
    registry.end_all()


def test_a_zombie_is_dead(sleeper: Sleeper) -> None:
    identity = identity_of(sleeper.pid)
    assert is_same_process(sleeper.pid, identity)
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert not is_same_process(sleeper.pid, identity)


def test_the_guardian_ends_what_is_registered_when_its_input_closes(
    registry: Registry, sleeper: Sleeper, tmp_path: Path
) -> None:
    registry.add(sleeper.pid, signal.SIGTERM)
    command = [sys.executable, "-m", "local.guardian", str(tmp_path / "processes")]
    guardian = subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603 - our own program
    assert guardian.stdin is not None
    with pytest.raises(subprocess.TimeoutExpired):
        guardian.wait(0.3)
    assert sleeper.poll() is None
    guardian.stdin.close()
    assert guardian.wait(5) == 0
    assert sleeper.wait(1) == -signal.SIGTERM
