"""`make crash` and `make chaos`: the campaigns on a stack of their own, as tables."""

import argparse
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import SystemRandom
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib import migrations
from local.stack import Stack
from local.vendors.control import Control
from tests.campaigns import crash, nursery, table, usual, zombie
from tests.campaigns.chaos import Chaos, Row
from tests.campaigns.harness import Harness, opened
from tests.campaigns.points import POINTS
from tests.receiver import Receiver


@contextmanager
def stage() -> Iterator[Harness]:
    with (
        TemporaryDirectory() as directory,
        Stack(Path(directory) / "stack", backing_only=True) as stack,
    ):
        quick = {"DATABASE_POOL_SIZE": "5", "REPLICATE_POLL_SECONDS": "0.02"}
        os.environ |= stack.env | quick | nursery.PLENTY
        logging.disable()
        migrations.upgrade()
        mail = Path(directory) / "mail"
        gateway = Receiver()
        nursery.prepare(mail, gateway=gateway.origin)
        control = Control(f"http://127.0.0.1:{stack.port_of['vendors']}")
        url = stack.env["DATABASE_URL"]
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
        with (
            gateway.listening(),
            Session(engine) as session,
            opened(stack, control=control, session=session, mail=mail, gateway=gateway) as harness,
        ):
            yield harness
        engine.dispose()


def run_crash(runs: int) -> int:
    started = time.monotonic()
    with stage() as harness:
        print(table.heading(crash.Row), flush=True)
        rows = []
        for point in POINTS.values():
            rows.append(crash.kill(harness, point, runs))
            print(table.line(rows[-1]), flush=True)
        print(table.total(rows))
        seconds = time.monotonic() - started
        print(f"\n{len(rows)} points x {runs} kills in {seconds:.0f} s\n\nFrozen and thawed:\n")
        stopped = [zombie.stop(harness, POINTS[name], min(runs, 20)) for name in zombie.STOPS]
        _show(stopped)
        print("\nThe usual code, through the same harness:\n")
        _show([usual.kill(harness, point, min(runs, 20)) for point in usual.POINTS.values()])
    killed = [row for row in rows if crash.faults(POINTS[row.point], row)]
    frozen = [row for row in stopped if zombie.faults(row)]
    for row in (*killed, *frozen):
        print(f"\nNOT WELL: {row}")
    return bool(killed or frozen)


def run_chaos(jobs: int, seed: int) -> int:
    started = time.monotonic()
    print(f"{jobs} jobs; to see the same plan again: make chaos SEED={seed} JOBS={jobs}\n")
    print(table.heading(Row), flush=True)
    with stage() as harness:
        for row in Chaos(harness, seed).run(jobs):
            print(table.line(row), flush=True)
    print(f"\n{time.monotonic() - started:.0f} s")
    if not row.is_well:
        print(f"NOT WELL: {row}")
    return not row.is_well


def _show(rows: list[crash.Row] | list[zombie.Row]) -> None:
    print(table.heading(type(rows[0])))
    for row in rows:
        print(table.line(row))
    print(table.total(rows))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("crash").add_argument("--runs", type=int, default=100)
    chaos = verbs.add_parser("chaos")
    chaos.add_argument("--jobs", type=int, default=5000)
    chaos.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6))
    options = parser.parse_args()
    if options.verb == "crash":
        return run_crash(options.runs)
    return run_chaos(options.jobs, options.seed)


if __name__ == "__main__":
    sys.exit(main())
