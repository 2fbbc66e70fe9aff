"""`make compatible`: the tests of the release before on the new schema, and ours on its schema.
`scripts/compatible tests/jobs` runs some. What fails on its own schema, too, is not counted.

The release before is the newest tag `v*`; where there is none, the commit that the newest migration
came upon. Its code stays in traffic while the new schema is there already, and after a rollback.
The reverse holds where code does not wait for its migration. A migration whose code has to, which
`scripts/release` sees to, says why: `leads = "the dashboard reads it in every list of jobs"`.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic.script import ScriptDirectory

from chalicelib import migrations
from local.home import CHECKOUT
from tests.drills import releases
from tests.drills.releases import VERSIONS, names, revision

HALVES = (
    ("tests/auth", "tests/dashboard", "tests/personas", "tests/social"),
    ("tests/analyses", "tests/conversations", "tests/jobs", "tests/spending", "tests/workers"),
)
"""The tests of what the database is asked, on a stack each. The rest stands beside it, or is about
the schema."""

ABOUT_MIGRATIONS = {"test_migrate.py"}
SHOWN = 12


@dataclass(frozen=True)
class Verdict:
    passed: int
    failed: list[str]
    said: str

    @property
    def is_good(self) -> bool:
        return self.passed > 0 and not self.failed

    def beside(self, excused: Collection[str]) -> "Verdict":
        return replace(self, failed=[test for test in self.failed if test not in excused])


def main() -> int:
    chosen = [sys.argv[1:]] if sys.argv[1:] else HALVES
    try:
        release = releases.release_before()
    except releases.NoHistory as error:
        print(f"compatible: there is no release before. {error}")
        return 1
    with TemporaryDirectory() as directory, releases.tree_of(release, Path(directory)) as old:
        new = Path(directory) / "new"
        copy_of_this(new)
        print(f"The release before: {releases.title(release)}, with the schema {head(old)}.")
        return compare(old, new, chosen)


def compare(old: Path, new: Path, chosen: Sequence[Sequence[str]]) -> int:
    added = sorted(names(new) - names(old))
    here, there = head(new), head(old)
    print(f"This one brings {', '.join(added) or 'no migration'}.", flush=True)
    if not added:
        return 0
    with exchanged(old / VERSIONS, new / VERSIONS):
        kept = run(old, chosen)
    anyway = failing_anyway(old, kept)
    is_kept = judged(f"The code before, on the schema {here}", kept.beside(anyway))
    for test in anyway:
        print(f"  not counted, for it fails on its own schema, too: {test}", flush=True)
    with exchanged(old / VERSIONS, new / VERSIONS):
        without = run(new, chosen)
    does_without = judged(f"This code, on the schema {there}", without)
    leads = [] if does_without else [lead(name) for name in added]
    for name, why in zip(added, leads, strict=False):
        print(f"  {name} comes before its code: {why or 'IT DOES NOT SAY WHY'}")
    is_good = is_kept and all(leads)
    print("compatible" if is_good else "NOT COMPATIBLE")
    return 0 if is_good else 1


def lead(name: str) -> str:
    """Return why the code cannot do without the migration that is in this file."""
    script = ScriptDirectory.from_config(migrations.config()).get_revision(revision(name))
    is_first = script.revision <= migrations.BASELINE
    why: str = getattr(script.module, "leads", "")
    return why or ("no release had been made" if is_first else "")


def copy_of_this(target: Path) -> None:
    """Copy what git knows of, as it is now."""
    for name in releases.said("ls-files").splitlines():
        if (CHECKOUT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, target / name)


@contextmanager
def exchanged(one: Path, other: Path) -> Iterator[None]:
    exchange(one, other)
    yield
    exchange(one, other)


def exchange(one: Path, other: Path) -> None:
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


def failing_anyway(tree: Path, verdict: Verdict) -> Collection[str]:
    """Run what has failed once more, on the tree's own schema. What does not begin says nothing."""
    again = run(tree, [verdict.failed]).said if verdict.failed else ""
    return re.findall(r"^FAILED (.+?)(?: - .*)?$", again, re.MULTILINE)


def head(tree: Path) -> str:
    return revision(max(names(tree)))


def judged(title: str, verdict: Verdict) -> bool:
    print(f"{title}: {verdict.passed} passed, {len(verdict.failed)} failed")
    for line in verdict.failed[:SHOWN]:
        print(f"  {line}")
    if len(verdict.failed) > SHOWN:
        print(f"  and {len(verdict.failed) - SHOWN} more")
    if not verdict.passed:
        print(verdict.said[-2000:])
    sys.stdout.flush()
    return verdict.is_good


def run(tree: Path, chosen: Sequence[Sequence[str]]) -> Verdict:
    """Run each part on a stack of its own, at the same time."""
    with ThreadPoolExecutor(len(chosen)) as pool:
        said = "".join(pool.map(partial(run_part, tree), chosen))
    failed = re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", said, re.MULTILINE)
    return Verdict(sum(int(number) for number in re.findall(r"(\d+) passed", said)), failed, said)


def run_part(tree: Path, names: Sequence[str]) -> str:
    tests = [name for name in names if (tree / name.partition("::")[0]).exists()]
    left_out = [f"--ignore-glob=*/{name}" for name in ABOUT_MIGRATIONS]
    options = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=no", "-o", "addopts=")
    done = subprocess.run(  # noqa: S603 - our own tests
        [sys.executable, "-m", "pytest", *options, *left_out, *tests],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


if __name__ == "__main__":
    sys.exit(main())
