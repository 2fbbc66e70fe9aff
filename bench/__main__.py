"""`python -m bench` prints every table, `python -m bench NAME` one: cold, me,
card, generation, worker, feed, history, reads, talk.

Nothing passes or fails here. A figure stands beside a floor that was taken in the same run, because
only their ratio means anything on another machine.
"""

import argparse
import subprocess
import sys
from importlib import import_module

TABLES = ("cold", "me", "card", "generation", "worker", "feed", "history", "reads", "talk")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("table", nargs="?", choices=TABLES, help="default: all of them")
    table = parser.parse_args().table
    if table is not None:
        import_module(f"bench.{table}").main()
        return 0
    # Each in a process of its own: what one imports must not weigh on the next.
    commands = [[sys.executable, "-m", "bench", name] for name in TABLES]
    return max(subprocess.run(command, check=False).returncode for command in commands)


if __name__ == "__main__":
    sys.exit(main())
