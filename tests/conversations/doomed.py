"""Somebody who says one thing, in a process of its own that may be stopped or killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.client import Api


class Speaker:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> str:
        """Let it go on, and return what it was answered: the status and the code, if any."""
        self._process.send_signal(signal.SIGCONT)
        said, _ = self._process.communicate(timeout=30)
        return said.strip().splitlines()[-1]


@contextmanager
def speaking(owner: Api, path: str, message: str) -> Iterator[Speaker]:
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "tests.conversations.doomed", path, message],
        env=os.environ | {"SPEAKER_TOKEN": str(owner.token)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Speaker(process)
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


if __name__ == "__main__":
    api = Api(dict(os.environ), token=os.environ["SPEAKER_TOKEN"])
    answer = api.post(sys.argv[1], {"message": sys.argv[2]})
    sys.stdout.write(f"{answer.status} {answer.json.get('code', 'ok')}\n")
