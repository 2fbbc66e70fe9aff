"""Copies of the checkout in which mutants live, one at a time."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path

from tests.mutants.mutant import CHECKOUT, Mutant

LEFT_BEHIND = (".git", ".venv", ".local", "build", "__pycache__", ".*_cache", ".hypothesis")
PATIENCE_SECONDS = 600
PASSED, FAILED = 0, 1


class Broken(Exception):
    """Pytest did not come to a verdict; the message is what it said."""


@dataclass(frozen=True)
class Verdict:
    mutant: Mutant
    caught_by: str | None
    seconds: float

    def __str__(self) -> str:
        caught = f"`{self.caught_by}`" if self.caught_by else "**nobody: it survives**"
        file = self.mutant.file.removeprefix("chalicelib/")
        return f"| {self.mutant.guarantee} | `{file}` | {caught} | {self.seconds:.1f} |"


def copy_checkout(tree: Path) -> Path:
    shutil.copytree(CHECKOUT, tree, ignore=shutil.ignore_patterns(*LEFT_BEHIND))
    return tree


def judge(tree: Path, mutant: Mutant) -> Verdict:
    started = time.monotonic()
    with _living(tree, mutant):
        caught_by = first_failure(tree, mutant.tests)
    return Verdict(mutant, caught_by, time.monotonic() - started)


def first_failure(tree: Path, tests: Iterable[str]) -> str | None:
    """Return the name of the first test that fails, or None when all pass."""
    command = [sys.executable, "-m", "pytest", "-x", "--tb=line", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(  # noqa: S603 - our own tests
        command,
        cwd=tree,
        env=_own_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    if done.returncode == PASSED:
        return None
    found = re.search(r"^FAILED (\S+?)::(\w+)", done.stdout, re.MULTILINE)
    if done.returncode != FAILED or not found:
        raise Broken(f"{done.stdout[-4000:]}\n{done.stderr[-1000:]}")
    return found[2]


@contextmanager
def _living(tree: Path, mutant: Mutant) -> Iterator[None]:
    """Apply the patch for as long as this lasts. Bytecode is known by its source's size and second,
    which a mutant may share with what it came from."""
    path, original = mutant.path(tree), mutant.path(tree).read_text()
    bytecode = Path(cache_from_source(str(path)))
    try:
        path.write_text(mutant.applied(original))
        bytecode.unlink(missing_ok=True)
        yield
    finally:
        path.write_text(original)
        bytecode.unlink(missing_ok=True)


def _own_environment() -> dict[str, str]:
    """Leave out what a stack around us has set: the tests start one of their own."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "USER")
    return {name: os.environ[name] for name in kept if name in os.environ}
