"""PostgreSQL refuses to run as root: find an identity that it accepts on this machine."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

_NOT_ROOT = 'test "$(id -u)" -ne 0 && test -w "$2" && "$1" --version >/dev/null'


class NoIdentity(Exception):
    """Root has no way to become somebody else here."""


@dataclass(frozen=True)
class Identity:
    """How to start a program as somebody, and to whom its files must belong."""

    prefix: tuple[str, ...] = ()
    user: int | None = None
    owner: int | None = None

    def give(self, path: Path) -> None:
        """Hand over a directory with all that is in it, unless it is the identity's already."""
        if self.owner is None or path.stat().st_uid == self.owner:
            return
        for each in (path, *path.rglob("*")):
            os.chown(each, self.owner, -1, follow_symlinks=False)

    def can_run(self, program: Path, directory: Path) -> bool:
        self.give(directory)
        question = ["/bin/sh", "-c", _NOT_ROOT, "sh", str(program), str(directory)]
        try:
            answer = subprocess.run(
                [*self.prefix, *question], user=self.user, cwd="/", capture_output=True, check=False
            )
        except OSError:
            return False
        return answer.returncode == 0


def identity_for(program: Path, directory: Path) -> Identity:
    """Return an identity that may run the program and write to the directory."""
    if os.geteuid() != 0:
        return Identity()
    for candidate in _candidates():
        if candidate.can_run(program, directory):
            return candidate
    raise NoIdentity(
        f"PostgreSQL does not run as root, and no other identity can read {program} and write "
        f"to {directory}. Run this as an ordinary user."
    )


def _candidates() -> list[Identity]:
    nobody = pwd.getpwnam("nobody").pw_uid
    return [
        # A user namespace works in a home that is closed to others, and leaves the files root's.
        Identity(("unshare", "--user", "--map-user=1000", "--map-group=1000"), owner=0),
        # So does nobody with root's way past closed directories; containers often allow this one.
        Identity(
            (
                "setpriv",
                f"--reuid={nobody}",
                "--clear-groups",
                "--inh-caps=+dac_override",
                "--ambient-caps=+dac_override",
            ),
            owner=nobody,
        ),
        Identity(user=nobody, owner=nobody),
    ]
