"""A worker that is going to be killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import Job
from chalicelib.workers.sweeper import sweep
from tests.client import Api
from tests.conftest import Worker

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


def checkpoint(session: Session, job_id: str) -> dict[str, dict[str, object]]:
    found = session.scalar(sa.select(Job.checkpoint).where(Job.id == job_id))
    return dict(found or {})


def kill_when(
    process: "subprocess.Popen[bytes]", session: Session, job_id: str, step: str, key: str
) -> None:
    wait_until(lambda: key in checkpoint(session, job_id).get(step, {}))
    process.send_signal(signal.SIGKILL)
    process.wait()


def heal(api: Api, worker: Worker, job_id: str) -> dict[str, object]:
    time.sleep(LEASE_SECONDS)
    sweep()
    worker.work()
    return dict(api.get(f"/jobs/{job_id}").json)
