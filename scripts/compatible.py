"""Run tests of the release before on the new schema, and this release's on the schema before.

The release before is the last tag `v*`; where there is none, the commit before the newest
migration.
Its code stays in traffic while the new schema is there already, and after a rollback: so the first
has to pass as a whole. No release meets the schema before its own, as it migrates first: of the
second it is only said what would have to wait for the migration.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

CHECKOUT = Path(__file__).resolve().parent.parent
GIT = shutil.which("git") or "git"
VERSIONS = Path("chalicelib") / "migrations" / "versions"
TESTS = (
    *("tests/auth/test_login.py", "tests/auth/test_sessions.py", "tests/jobs/test_leases.py"),
    *("tests/jobs/test_routes.py", "tests/personas/test_generation.py"),
    *("tests/personas/test_reading.py", "tests/analyses/test_survey.py"),
    *("tests/spending/test_quotas.py", "tests/workers/test_persona_generator.py"),
)


def main() -> int:
    release = before()
    if not release:
        print(
            "compatible: the history is not here (a shallow clone?), so there is no release before."
        )
        return 1
    with TemporaryDirectory() as directory, worktree(Path(directory), release) as old:
        new = Path(directory) / "new"
        copy_of_this(new)
        added = names(new) - names(old)
        print(f"The release before: {said('git', 'log', '-1', '--format=%h %s', release)}")
        print(f"Its schema: {head(old)}; ours: {head(new)}; {len(added)} migrations between.\n")
        if not added:
            print("The schemas are the same: there is nothing to run.")
            return 0
        exchange(old / VERSIONS, new / VERSIONS)
        is_kept = passes(f"The code before, on schema {head(old)}", old)
        if not passes(f"This code, on schema {head(new)}", new):
            print("What fails there needs its migration first, which `scripts/release` sees to.")
    print("compatible" if is_kept else "NOT COMPATIBLE: the code before fails on the new schema.")
    return 0 if is_kept else 1


def before() -> str:
    tag = said(GIT, "describe", "--tags", "--abbrev=0", "--match", "v*", "HEAD^")
    if tag:
        return tag
    file = VERSIONS / max(names(CHECKOUT))
    adding = (GIT, "log", "-1", "--diff-filter=A", "--format=%H", "--", str(file))
    newest = said(*adding)
    return said(GIT, "rev-parse", "--verify", "--quiet", f"{newest}^") if newest else ""


def said(*command: str) -> str:
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


@contextmanager
def worktree(directory: Path, commit: str) -> Iterator[Path]:
    tree = directory / "old"
    subprocess.run(
        [GIT, "worktree", "add", "--quiet", "--detach", tree, commit], cwd=CHECKOUT, check=True
    )
    try:
        yield tree
    finally:
        subprocess.run([GIT, "worktree", "remove", "--force", tree], cwd=CHECKOUT, check=False)


def copy_of_this(target: Path) -> None:
    """Copy what git knows of, as it is now."""
    for name in said(GIT, "ls-files").splitlines():
        if (CHECKOUT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, target / name)


def exchange(one: Path, other: Path) -> None:
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


def names(tree: Path) -> set[str]:
    return {path.name for path in (tree / VERSIONS).glob("*.py")}


def head(tree: Path) -> str:
    return max(names(tree)).partition("_")[0]


def passes(title: str, tree: Path) -> bool:
    tests: Sequence[str] = [each for each in TESTS if (tree / each).exists()]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=no", *tests],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    failed = [line.partition(" - ")[0] for line in lines if re.match("FAILED|ERROR", line)]
    passed = sum(
        line.partition(" [")[0].count(".") for line in lines if re.match(r"[.FEsx]+ ", line)
    )
    print(f"{title}: {passed} passed, {len(failed)} failed")
    for line in failed[:20]:
        print(f"  {line}")
    if not failed and done.returncode:
        print(done.stdout[-2000:] + done.stderr[-2000:])
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
