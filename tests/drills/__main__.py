"""`make drill`: bring a database back to a moment, promote the replica, migrate under load."""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from chalicelib import migrations
from local.home import CHECKOUT
from local.stack import Stack
from tests.drills.promotion import promote
from tests.drills.restore import restore
from tests.drills.schema import ROUNDS, change

PEOPLE = 125_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.drills")
    parser.add_argument("drills", nargs="*", choices=[[], *DRILLS], help="all of them")
    arguments = parser.parse_args()
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
        os.environ |= stack.env | {"DATABASE_POOL_SIZE": "5", "DAILY_BUDGET_DOLLARS": "1000000"}
        yield stack


def bring_back() -> bool:
    with stack_alone() as stack:
        drill = restore(stack, people=PEOPLE)
    users, left = drill.before["users"][0], drill.after_mistake["users"][0]
    print(f"a base backup, {drill.rows} rows in all, half of them written after it")
    print(f"everybody deleted by mistake: {users} before, {left} after")
    for what, seconds in drill.seconds.items():
        print(f"  {what:<12} {seconds:6.2f} s")
    is_same = drill.restored == drill.before
    print(f"restored to the moment before: {len(drill.before)} tables, hashes equal: {is_same}")
    return is_same


def take_over() -> bool:
    with stack_alone() as stack:
        migrations.upgrade()
        drill = promote(stack)
        stack.processes.pop("postgres").stop()
    print(f"killed the primary under load: {drill.acknowledged} writes acknowledged")
    print(f"  promoted     {drill.seconds_to_promote:6.2f} s after its end")
    print(f"  no writes    {drill.seconds_without_writes:6.2f} s")
    print(f"  answers by status: {dict(sorted(drill.statuses.items()))}")
    lost = f"{len(drill.lost)}, the oldest {max(drill.lost, default=0):.3f} s before the end"
    print(f"  acknowledged and lost (the replica is asynchronous): {lost}")
    return set(drill.statuses) <= {201, 503} and max(drill.lost, default=0) < 1


def change_the_schema() -> bool:
    sys.path.insert(0, str(CHECKOUT / "scripts"))
    import compatible  # type: ignore[import-not-found] # noqa: PLC0415 - a script, not a package

    if not (release := compatible.before()):
        print("the history is not here (a shallow clone?), so there is no release before")
        return False
    with (
        TemporaryDirectory() as directory,
        compatible.worktree(Path(directory), release) as old,
        stack_alone() as stack,
    ):
        print(compatible.said(compatible.GIT, "log", "-1", "--format=%h %s", release))
        drill = change(stack, old, compatible.head(old), compatible.head(CHECKOUT))
    before, after = drill.revisions
    times = ", ".join(f"{each:.2f}" for each in drill.seconds)
    print(f"{ROUNDS} times {before} -> {after} -> {before} under its users: {times} s")
    for what, load in (("in quiet", drill.quiet), ("meanwhile", drill.changing)):
        slow = load.slowest_of_a_hundred() * 1000
        statuses = dict(sorted(load.statuses.items()))
        print(f"  {what:<10} {len(load.seconds):5} answers {statuses}, p99 {slow:.0f} ms")
    return not any(status >= 500 for status in drill.changing.statuses)


DRILLS = {"restore": bring_back, "promotion": take_over, "schema": change_the_schema}

if __name__ == "__main__":
    sys.exit(main())
