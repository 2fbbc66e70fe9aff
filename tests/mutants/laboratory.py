"""Benches where mutants live, one at a time: a copy of the checkout, and a stack for its tests."""

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

import sqlalchemy as sa

from local.stack import Stack
from local.vendors.control import Control
from tests.mutants.mutant import CHECKOUT, Mutant

LEFT_BEHIND = (".git", ".venv", ".local", "build", "__pycache__", ".*_cache", ".hypothesis")
PATIENCE_SECONDS = 600
PASSED, FAILED = 0, 1
WIDTH = 90


class Broken(Exception):
    """Pytest did not come to a verdict; the message is what it said."""


@dataclass(frozen=True)
class Failure:
    test: str
    error: str
    """What pytest says of it in a line: an assertion, if the test has found what it looks for."""


@dataclass(frozen=True)
class Verdict:
    mutant: Mutant
    failure: Failure | None
    seconds: float

    def __str__(self) -> str:
        found = self.failure
        caught = f"`{found.test}`" if found else "**nobody**"
        error = f"`{found.error}`" if found else ""
        file = self.mutant.file.removeprefix("chalicelib/")
        cells = (self.mutant.guarantee, f"`{file}`", caught, error, f"{self.seconds:.1f}")
        return f"| {' | '.join(cells)} |"


@dataclass(frozen=True)
class Bench:
    """Without a stack, tests that need one start their own."""

    tree: Path
    stack: Stack | None = None

    def clean(self) -> None:
        """Leave the next nothing to stumble over."""
        if self.stack is None:
            return
        _empty(self.stack.env["DATABASE_URL"])
        vendors = Control(f"http://127.0.0.1:{self.stack.port_of['vendors']}")
        vendors.clear()
        vendors.forget_calls()


def copy_checkout(tree: Path) -> Path:
    shutil.copytree(CHECKOUT, tree, ignore=shutil.ignore_patterns(*LEFT_BEHIND))
    return tree


@contextmanager
def bench(directory: Path) -> Iterator[Bench]:
    with Stack(directory / "stack", backing_only=True, fsync=False) as stack:
        yield Bench(copy_checkout(directory / "checkout"), stack)


def judge(bench: Bench, mutant: Mutant) -> Verdict:
    started = time.monotonic()
    with _living(bench.tree, mutant):
        failure = first_failure(bench, mutant.tests)
    return Verdict(mutant, failure, time.monotonic() - started)


def first_failure(bench: Bench, tests: Iterable[str]) -> Failure | None:
    """Return the first test that fails, or None when all pass. One that cannot be run at all, or
    takes for ever, is no verdict."""
    bench.clean()
    command = [sys.executable, "-m", "pytest", "-x", "--tb=line", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(  # noqa: S603 - our own tests
            command,
            cwd=bench.tree,
            env=_environment(bench.stack),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise Broken(f"no verdict within {error.timeout:.0f} seconds") from error
    if done.returncode == PASSED:
        return None
    found = re.search(r"^FAILED \S+?::(\w+)(?:.* - (.*))?", done.stdout, re.MULTILINE)
    if done.returncode != FAILED or not found:
        raise Broken(f"{done.stdout[-4000:]}\n{done.stderr[-1000:]}")
    return Failure(found[1], (found[2] or "").replace("|", "\\|").replace("`", "'")[:WIDTH])


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


def _empty(url: str) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = current_user AND pid <> pg_backend_pid()"
            )
        )
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()


def _environment(stack: Stack | None) -> dict[str, str]:
    """Leave out what a stack around us has set."""
    lent = {"TEST_STACK": str(stack.home.path)} if stack else {}
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "USER")
    wide = {"COLUMNS": "500"}  # pytest cuts what it says of a failure
    return wide | lent | {name: os.environ[name] for name in kept if name in os.environ}
