import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from local.google.keys import UnreadableKey
from local.google.server import serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.google")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True, metavar="DIR")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        server = serve(arguments.port, arguments.state, announce=_say)
    except (OSError, OverflowError, UnreadableKey) as error:
        sys.exit(f"The sign-in provider cannot start: {error}")
    _say(f"sign-in provider: {server.issuer}")
    server.run()


def _say(line: str) -> None:
    print(line, flush=True)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    main()
