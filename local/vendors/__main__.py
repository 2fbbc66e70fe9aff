"""`python -m local.vendors --port P --state DIR` serves until it is told to stop."""

import argparse
import signal
from pathlib import Path

from local.vendors.server import serve

_STOP = {signal.SIGINT, signal.SIGTERM}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.vendors", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True)
    options = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP)
    with serve(options.port, options.state) as server:
        print(f"The vendors answer at {server.url}.", flush=True)
        signal.sigwait(_STOP)


if __name__ == "__main__":
    main()
