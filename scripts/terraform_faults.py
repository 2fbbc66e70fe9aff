"""Plant a fault for each assertion of terraform/tests, each in a copy, and show what turned red.

An assertion that no fault is planted for, or that stays green, fails the run: it would hold of
anything.
"""

import json
import re
import shutil
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from terraform_command import (
    NO_PROVIDER,
    TERRAFORM,
    ProviderMissing,
    initialise,
    terraform,
)
from terraform_fault_list import FAULTS, Fault

AT_ONCE = 2
NO_COPY = shutil.ignore_patterns("rehearsal", "environments", "*.tfstate*")
MESSAGE = re.compile(r'^    error_message = "(.*)"$', re.MULTILINE)


def main() -> int:
    try:
        initialise("-backend=false")
    except ProviderMissing:
        print(f"NOT CHECKED: terraform/tests - {NO_PROVIDER}")
        return 0
    started = time.monotonic()
    missed = [*unplanted()]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for fault, is_seen in zip(FAULTS, pool.map(turns_red, FAULTS), strict=True):
            print(f"{'red ' if is_seen else 'GREEN'} {fault.test:<13} {fault.says}", flush=True)
            if not is_seen:
                missed.append(f"{fault.test}: {fault.path}: {fault.new!r} turned nothing red")
    print(f"{len(FAULTS)} faults in {time.monotonic() - started:.0f} s")
    for each in missed:
        print(each, file=sys.stderr)
    return 1 if missed else 0


def unplanted() -> Iterator[str]:
    """Yield the assertions that no fault is for."""
    planted = {(fault.test, fault.says) for fault in FAULTS}
    for path in sorted((TERRAFORM / "tests").glob("*.tftest.hcl")):
        name = path.name.removesuffix(".tftest.hcl")
        for says in MESSAGE.findall(path.read_text()):
            if not any(test == name and says.startswith(start) for test, start in planted):
                yield f"{name}: no fault is planted for: {says}"


def turns_red(fault: Fault) -> bool:
    with TemporaryDirectory() as scratch:
        copy = Path(scratch) / "terraform"
        shutil.copytree(TERRAFORM, copy, ignore=NO_COPY, symlinks=True)
        for name in ("docs", "scripts"):
            (Path(scratch) / name).symlink_to(TERRAFORM.parent / name)
        target = copy / fault.path
        source = target.read_text()
        if fault.old not in source:
            print(f"{fault.path} has no {fault.old!r}", file=sys.stderr)
            return False
        target.write_text(source.replace(fault.old, fault.new))
        options = ("-json", f"-filter=tests/{fault.test}.tftest.hcl")
        done = terraform("test", *options, folder=copy)
    return any(said.startswith(fault.says) for said in complaints(done.stdout))


def complaints(output: str) -> Iterator[str]:
    for line in output.splitlines():
        message = json.loads(line) if line.startswith("{") else {}
        if "diagnostic" in message:
            yield message["diagnostic"]["detail"]


if __name__ == "__main__":
    sys.exit(main())
