"""A worker that is going to be killed."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LEASE_SECONDS = 1


@contextmanager
def doomed_worker(checkout: Path, *, concurrency: int = 4) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker in a process of its own, with a short lease, killed at the end at the latest."""
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "local.worker", "--concurrency", str(concurrency)],
        cwd=checkout,
        env=os.environ | {"JOB_LEASE_SECONDS": str(LEASE_SECONDS)},
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until(is_so: Callable[[], bool], *, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)
