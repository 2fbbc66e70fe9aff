"""`make compatible`: the tests of the release before on the new schema, and ours on its schema.

The release before is the newest tag `v*`; where there is none, the commit that the newest migration
came upon. Its code stays in traffic while the new schema is there already, and after a rollback.
The reverse holds where code does not wait for its migration. A migration whose code has to, which
`scripts/release` sees to, says why: `leads = "the dashboard reads it in every list of jobs"`.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic.script import ScriptDirectory

from chalicelib import migrations
from local.home import CHECKOUT
from tests.drills import releases
from tests.drills.releases import VERSIONS, names, revision

PARTS = (
    *("analyses", "auth", "conversations", "dashboard", "jobs", "personas"),
    *("social", "spending", "workers"),
)
"""The tests of what the database is asked. The rest stands beside it, or is about the schema."""

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


def main() -> int:
    try:
        release = releases.release_before()
    except releases.NoHistory as error:
        print(f"compatible: there is no release before. {error}")
        return 1
    with TemporaryDirectory() as directory, releases.tree_of(release, Path(directory)) as old:
        new = Path(directory) / "new"
        copy_of_this(new)
        return compare(old, new, release)


def compare(old: Path, new: Path, release: str) -> int:
    added = sorted(names(new) - names(old))
    here, there = head(new), head(old)
    print(f"The release before: {releases.title(release)}, with the schema {there}.")
    print(f"This one brings {', '.join(added) or 'no migration'}.", flush=True)
    if not added:
        return 0
    exchange(old / VERSIONS, new / VERSIONS)
    is_kept = judged(f"The code before, on the schema {here}", old)
    needed = list(unexplained(added))
    if judged(f"This code, on the schema {there}", new):
        needed = []
    elif not needed:
        print("  This code waits for its migrations, which say why; they come before its traffic.")
    for name in needed:
        print(f"  {name} does not say in `leads` why its code cannot do without it.")
    is_good = is_kept and not needed
    print("compatible" if is_good else "NOT COMPATIBLE")
    return 0 if is_good else 1


def unexplained(added: list[str]) -> Iterator[str]:
    scripts = ScriptDirectory.from_config(migrations.config())
    for name in added:
        script = scripts.get_revision(revision(name))
        if script.revision > migrations.BASELINE and not getattr(script.module, "leads", ""):
            yield name


def copy_of_this(target: Path) -> None:
    """Copy what git knows of, as it is now."""
    for name in releases.said("ls-files").splitlines():
        if (CHECKOUT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, target / name)


def exchange(one: Path, other: Path) -> None:
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


def head(tree: Path) -> str:
    return revision(max(names(tree)))


def judged(title: str, tree: Path) -> bool:
    verdict = run(tree)
    print(f"{title}: {verdict.passed} passed, {len(verdict.failed)} failed")
    for line in verdict.failed[:SHOWN]:
        print(f"  {line}")
    if len(verdict.failed) > SHOWN:
        print(f"  and {len(verdict.failed) - SHOWN} more")
    if not verdict.passed:
        print(verdict.said[-2000:])
    sys.stdout.flush()
    return verdict.is_good


def run(tree: Path) -> Verdict:
    tests = [f"tests/{part}" for part in PARTS if (tree / "tests" / part).is_dir()]
    left_out = [f"--ignore-glob=*/{name}" for name in ABOUT_MIGRATIONS]
    done = subprocess.run(  # noqa: S603 - our own tests
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=no", "-rfE"),
            *("-n", "2", "--dist", "loadfile", *left_out, *tests),
        ],
        cwd=tree,
        env={**os.environ, "PYTHONHASHSEED": "0"},  # each process has to find the same tests
        capture_output=True,
        text=True,
        check=False,
    )
    failed = [
        line.partition(" - ")[0]
        for line in done.stdout.splitlines()
        if re.match(r"(FAILED|ERROR) ", line)
    ]
    counted = re.search(r"(\d+) passed", done.stdout)
    return Verdict(int(counted[1]) if counted else 0, failed, done.stdout + done.stderr)


if __name__ == "__main__":
    sys.exit(main())
