"""`docs/faults.md`, read: what the worker makes of each fault of a vendor."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from chalicelib.core.models import ImageModel

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "faults.md"

STEPS = {
    "moderation": "moderation",
    "character": "text",
    "motto": "text",
    "verify": "text",
    "image": "image",
    "prediction": "prediction",
    "poll": "poll",
    "download": "download",
}
"""The steps of a generation, and which operation of a vendor each is."""

_ALWAYS = 99


@dataclass(frozen=True)
class Row:
    """One fault of the table, and what it comes to, as it is written."""

    step: str
    fault: str
    strikes: str
    ends: str
    attempts: str
    portrait: str
    paid: str
    warnings: str

    @classmethod
    def read(cls, line: str) -> Iterator[Self]:
        """A line may name several faults."""
        step, faults, *others = (cell.strip() for cell in line.strip()[1:-1].split("|"))
        for fault in faults.split(", "):
            yield cls(step, fault.strip("`"), *others)

    def __str__(self) -> str:
        return " | ".join(getattr(self, each.name) for each in fields(self))

    @property
    def kind(self) -> str:
        return self.fault.partition(" ")[0]

    @property
    def options(self) -> dict[str, Any]:
        """`failed error=NSFW content` carries one option, which may hold spaces."""
        name, _, value = self.fault.partition(" ")[2].partition("=")
        return {name: value} if name else {}

    @property
    def times(self) -> int:
        return _ALWAYS if self.strikes == "always" else int(self.strikes)

    @property
    def is_slow(self) -> bool:
        """Whether nothing but our own patience ends the call."""
        return self.kind in {"timeout_before", "timeout_after", "stuck"}

    @property
    def engine(self) -> ImageModel | None:
        """Whose step it is, if it is a portrait's."""
        if self.step in {"prediction", "poll", "download"}:
            return ImageModel.OPENJOURNEY
        return ImageModel.DALL_E if self.step == "image" else None

    @property
    def wanted(self) -> ImageModel:
        return self.engine or ImageModel.DALL_E


def rows() -> Iterator[Row]:
    for line in DOCUMENT.read_text().splitlines():
        if line.startswith(tuple(f"| {step} |" for step in STEPS)):
            yield from Row.read(line)
