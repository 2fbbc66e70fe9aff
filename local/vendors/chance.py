"""Choices that look free, and are the same whenever the same text asks."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

Option = TypeVar("Option")

_DIGEST_SPACE = 2**64


class Chance:
    def __init__(self, text: str) -> None:
        self._seed = hashlib.sha256(text.encode()).hexdigest()

    def unit(self, name: str) -> float:
        """Return this text's number for the name, evenly spread over [0, 1)."""
        digest = hashlib.sha256(f"{self._seed} {name}".encode()).digest()
        return int.from_bytes(digest[:8]) / _DIGEST_SPACE

    def between(self, name: str, low: float, high: float) -> float:
        return low + (high - low) * self.unit(name)

    def below(self, name: str, limit: int) -> int:
        return int(self.unit(name) * limit)

    def pick(self, name: str, options: Sequence[Option]) -> Option:
        return options[self.below(name, len(options))]

    def shuffled(self, name: str, options: Sequence[Option]) -> list[Option]:
        order = sorted(range(len(options)), key=lambda index: self.unit(f"{name} {index}"))
        return [options[index] for index in order]
