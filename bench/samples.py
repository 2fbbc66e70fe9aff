"""Figures taken side by side, so that whatever slows the machine down slows all of them."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

Figure = TypeVar("Figure")


def interleaved(
    subjects: Mapping[str, Callable[[], Figure]], *, rounds: int
) -> dict[str, list[Figure]]:
    """Take one figure of each subject a round; who comes first rotates."""
    names = list(subjects)
    taken: dict[str, list[Figure]] = {name: [] for name in names}
    for number in range(rounds):
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            taken[name].append(subjects[name]())
    return taken


def show(title: str, header: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print a table: the first column to the left, figures to the right."""
    lines = [list(header), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    print(f"\n{title}")
    for first, *figures in lines:
        cells = [f"{cell:>{width}}" for cell, width in zip(figures, widths[1:], strict=True)]
        print("  ".join([f"  {first:<{widths[0]}}", *cells]))
