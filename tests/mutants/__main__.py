"""`python -m tests.mutants`: break each guarantee in a copy, and see a test turn red.

Prints a Markdown table; ends with 1 when a mutant survives.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory

from tests.mutants.catalogue import MUTANTS
from tests.mutants.laboratory import Bench, Broken, Verdict, bench, first_failure, judge
from tests.mutants.mutant import Mutant

HEAD = "| guarantee | broken in | caught by | as | seconds |\n|---|---|---|---|---|"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("words", nargs="*", help="only guarantees or files that hold one of these")
    parser.add_argument("--at-once", type=int, default=2, metavar="N", help="benches (2)")
    arguments = parser.parse_args()
    chosen = [each for each in MUTANTS if _is_meant(each, arguments.words)]
    with TemporaryDirectory() as directory, ExitStack() as undo:
        places = [Path(directory) / str(number) for number in range(arguments.at_once)]
        benches = [undo.enter_context(bench(place)) for place in places]
        tests = sorted({test for each in chosen for test in each.tests})
        if (failure := first_failure(benches[0], tests)) is not None:
            print(f"{failure.test} fails without any mutant: mend that first.", file=sys.stderr)
            return 1
        print(HEAD, flush=True)
        survivors = 0
        for verdict in _judged(chosen, benches):
            print(verdict, flush=True)
            survivors += verdict.failure is None
    print(f"\n{len(chosen)} mutants, {len(chosen) - survivors} caught.")
    return 1 if survivors else 0


def _is_meant(mutant: Mutant, words: Sequence[str]) -> bool:
    return not words or any(word in mutant.guarantee or word in mutant.file for word in words)


def _judged(mutants: Sequence[Mutant], benches: Sequence[Bench]) -> Iterator[Verdict]:
    free: Queue[Bench] = Queue()
    for each in benches:
        free.put(each)

    def judge_where_there_is_room(mutant: Mutant) -> Verdict:
        mine = free.get()
        try:
            return judge(mine, mutant)
        except Broken as error:
            print(f"{mutant.guarantee}: no verdict\n{error}", file=sys.stderr)
            return Verdict(mutant, None, 0)
        finally:
            free.put(mine)

    with ThreadPoolExecutor(len(benches)) as pool:
        yield from pool.map(judge_where_there_is_room, mutants)


if __name__ == "__main__":
    sys.exit(main())
