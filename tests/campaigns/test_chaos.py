"""Kills anywhere, three workers a job, messages twice and in any order, a database that crashes."""

import subprocess
import sys
from pathlib import Path

JOBS = 300
SEED = 20817


def test_whatever_happens_every_job_ends_well(checkout: Path) -> None:
    """On a stack of its own: the other tests need their database."""
    options = ["--jobs", str(JOBS), "--seed", str(SEED)]
    ran = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "tests.campaigns", "chaos", *options],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    lines = [line.split("|")[1:-1] for line in ran.stdout.splitlines() if line.startswith("|")]
    row = dict(zip(map(str.strip, lines[0]), map(float, lines[-1]), strict=True))
    assert row["ready"] == row["jobs"] == JOBS
    assert row["kills"] >= JOBS / 2
    assert row["restarts"] >= JOBS / 30
    assert row["lost"] == row["mismatches"] == row["unledgered"] == row["unexplained"] == 0
