"""What git knows of the code that was there before."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.home import CHECKOUT

GIT = shutil.which("git") or "git"
VERSIONS = Path("chalicelib") / "migrations" / "versions"


class NoHistory(Exception):
    """The message says what is missing, and how to get it."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"Git does not know {what}. Is this a shallow clone, or none at all? "
            "`git fetch --unshallow --tags` brings the history."
        )


def release_before() -> str:
    """Return the newest tag `v*` before this commit; where there is none, the commit before the
    newest migration."""
    tag = said("describe", "--tags", "--abbrev=0", "--match", "v*", "HEAD^")
    return tag or commit_before(max(names(CHECKOUT)))


def commit_before(migration: str) -> str:
    """Return the commit that the migration with this file name came upon."""
    options = ("--first-parent", "-m", "--no-renames", "--diff-filter=A", "--format=%H")
    bringing = said("log", "-1", *options, "--", str(VERSIONS / migration))
    before = said("rev-parse", "--verify", "--quiet", f"{bringing}^") if bringing else ""
    if not before:
        raise NoHistory(f"the commit before {migration}")
    return before


def title(commit: str) -> str:
    return said("log", "-1", "--format=%h %s", commit)


def said(*command: str) -> str:
    done = subprocess.run(  # noqa: S603 - git itself
        [GIT, *command], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else ""


@contextmanager
def tree_of(commit: str, directory: Path) -> Iterator[Path]:
    tree = directory / f"tree-{commit[:12]}"
    worktree = (GIT, "worktree")
    add = (*worktree, "add", "--quiet", "--detach", str(tree), commit)
    subprocess.run(add, cwd=CHECKOUT, check=True)  # noqa: S603 - git itself
    try:
        yield tree
    finally:
        remove = (*worktree, "remove", "--force", str(tree))
        subprocess.run(remove, cwd=CHECKOUT, check=False)  # noqa: S603 - git itself


def names(tree: Path) -> set[str]:
    """Return the file names of a tree's migrations."""
    return {path.name for path in (tree / VERSIONS).glob("[0-9]*.py")}


def revision(name: str) -> str:
    return name.partition("_")[0]
