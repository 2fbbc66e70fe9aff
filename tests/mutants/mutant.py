"""A small patch that breaks one guarantee, so that a test has to turn red."""

from dataclasses import KW_ONLY, dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


class DoesNotApply(Exception):
    """The text that a mutant replaces is not there exactly once: the code has moved on."""


@dataclass(frozen=True)
class Mutant:
    guarantee: str
    """What holds until the patch is applied."""
    file: str
    _: KW_ONLY
    old: str
    new: str = ""
    tests: tuple[str, ...]
    """What pytest is to run; the first failure counts."""

    def applied(self, source: str) -> str:
        if (found := source.count(self.old)) != 1:
            raise DoesNotApply(f"{self.file} holds this {found} times:\n{self.old}")
        return source.replace(self.old, self.new)

    def path(self, tree: Path = CHECKOUT) -> Path:
        return tree / self.file
