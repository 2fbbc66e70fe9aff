"""`make drill`: bring a database back to a moment, promote its standby, migrate under load."""

import argparse
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from chalicelib import migrations
from chalicelib.core import config
from local.home import CHECKOUT
from local.stack import Stack
from tests.drills import releases
from tests.drills.promotion import promote
from tests.drills.restore import restore
from tests.drills.schema import Changed, Drill, change

PEOPLE = 125_000
SINCE = "0008"
SECONDS_OF_LOAD = 3.0
DRILL = Drill(rounds=5, users=4, rows=20_000, quiet_seconds=4, pause_seconds=0.5)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.drills")
    parser.add_argument("drills", nargs="*", choices=[[], *DRILLS], help="all of them")
    arguments = parser.parse_args()
    logging.disable(logging.INFO)
    failed = []
    for name in arguments.drills or DRILLS:
        print(f"== {name}", flush=True)
        started = time.monotonic()
        if not DRILLS[name]():
            failed.append(name)
        print(f"took {time.monotonic() - started:.0f} s in all\n", flush=True)
    print(f"FAILED: {', '.join(failed)}" if failed else "every drill has passed")
    return 1 if failed else 0


@contextmanager
def stack_alone() -> Iterator[Stack]:
    with TemporaryDirectory() as directory, Stack(Path(directory), backing_only=True) as stack:
        os.environ |= stack.env
        config.settings.cache_clear()
        yield stack


def bring_back() -> bool:
    with stack_alone() as stack:
        drill = restore(stack, people=PEOPLE)
    users, left = drill.before["users"][0], drill.after_mistake["users"][0]
    print(f"a base backup, {drill.rows} rows in all, half of them written after it")
    print(f"everybody deleted by mistake: {users} users before, {left} after")
    for what, seconds in drill.seconds.items():
        print(f"  {what:<16} {seconds:6.2f} s")
    print(f"restored to the moment before: {len(drill.before)} tables at {drill.revision}")
    print(f"  the hashes of all rows are equal: {drill.is_whole}")
    return drill.is_whole


def take_over() -> bool:
    return all([_take_over(is_synchronous=True), _take_over(is_synchronous=False)])


def _take_over(*, is_synchronous: bool) -> bool:
    with stack_alone() as stack:
        migrations.upgrade()
        drill = promote(stack, is_synchronous=is_synchronous, seconds_of_load=SECONDS_OF_LOAD)
    kind = "synchronous, as Multi-AZ" if is_synchronous else "asynchronous, as a read replica"
    print(f"a standby that is {kind}; the primary killed under load")
    print(f"  promoted         {drill.seconds_to_promote:6.2f} s after its end")
    print(f"  no writes for    {drill.seconds_without_writes:6.2f} s")
    print(f"  answers by status: {dict(sorted(drill.statuses.items()))}")
    oldest = f", the oldest {max(drill.lost):.3f} s before the end" if drill.lost else ""
    print(f"  of {drill.acknowledged} acknowledged writes {len(drill.lost)} are lost{oldest}")
    return drill.is_kept


def change_the_schema() -> bool:
    newer = sorted(name for name in releases.names(CHECKOUT) if name >= SINCE)
    try:
        unnoticed = [_change_the_schema(name) for name in newer]
    except releases.NoHistory as error:
        print(error)
        return False
    return all(unnoticed)


def _change_the_schema(migration: str) -> bool:
    commit = releases.commit_before(migration)
    with (
        TemporaryDirectory() as directory,
        releases.tree_of(commit, Path(directory)) as code,
        stack_alone() as stack,
    ):
        drill = change(stack, code, releases.revision(migration), drill=DRILL)
    print(f"{migration}: served by {releases.title(commit)}")
    _tell(drill)
    return drill.is_unnoticed


def _tell(drill: Changed) -> None:
    up, down = drill.seconds[::2], drill.seconds[1::2]
    there_and_back = f"{drill.before} -> {drill.after} -> {drill.before}"
    print(f"  {len(up)} times {there_and_back}: up at most {max(up)} s, down {max(down)} s")
    for what, load in (("in quiet", drill.quiet), ("meanwhile", drill.changing)):
        times = f"p99 {load.slowest_of_a_hundred() * 1000:.0f} ms, slowest {load.slowest:.2f} s"
        statuses = dict(sorted(load.statuses.items()))
        print(f"  {what:<10} {len(load.seconds):5} answers {statuses}, {times}", flush=True)


DRILLS = {"restore": bring_back, "promotion": take_over, "schema": change_the_schema}

if __name__ == "__main__":
    sys.exit(main())
