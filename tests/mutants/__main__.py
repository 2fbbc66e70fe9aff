"""`python -m tests.mutants`: break each guarantee in a copy, and see a test turn red.

Prints a Markdown table; ends with 1 when a mutant survives.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory

from tests.mutants.catalogue import MUTANTS
from tests.mutants.laboratory import Verdict, copy_checkout, first_failure, judge
from tests.mutants.mutant import Mutant

HEAD = "| guarantee | broken in | caught by | as | seconds |\n|---|---|---|---|---|"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("words", nargs="*", help="only guarantees or files that hold one of these")
    parser.add_argument("--at-once", type=int, default=2, metavar="N", help="copies (2)")
    arguments = parser.parse_args()
    chosen = [each for each in MUTANTS if _is_meant(each, arguments.words)]
    with TemporaryDirectory() as directory:
        trees = [copy_checkout(Path(directory) / str(n)) for n in range(arguments.at_once)]
        tests = sorted({test for each in chosen for test in each.tests})
        if (failure := first_failure(trees[0], tests)) is not None:
            print(f"{failure.test} fails without any mutant: mend that first.", file=sys.stderr)
            return 1
        print(HEAD, flush=True)
        survivors = 0
        for verdict in _judged(chosen, trees):
            print(verdict, flush=True)
            survivors += verdict.failure is None
    print(f"\n{len(chosen)} mutants, {len(chosen) - survivors} caught.")
    return 1 if survivors else 0


def _is_meant(mutant: Mutant, words: Sequence[str]) -> bool:
    return not words or any(word in mutant.guarantee or word in mutant.file for word in words)


def _judged(mutants: Sequence[Mutant], trees: Sequence[Path]) -> Iterator[Verdict]:
    free: Queue[Path] = Queue()
    for tree in trees:
        free.put(tree)

    def judge_in_a_free_tree(mutant: Mutant) -> Verdict:
        tree = free.get()
        try:
            return judge(tree, mutant)
        finally:
            free.put(tree)

    with ThreadPoolExecutor(len(trees)) as pool:
        yield from pool.map(judge_in_a_free_tree, mutants)


if __name__ == "__main__":
    sys.exit(main())
