"""Rows as Markdown, which a terminal shows as well."""

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any, TypeVar

WIDEST = 42
GREATEST = {"stuck", "most"}

Row = TypeVar("Row", bound=Any)


def heading(row: type[Any]) -> str:
    names = [field.name for field in fields(row)]
    rule = ["-" * WIDEST, *("-" * len(name) + ":" for name in names[1:])]
    return f"{_line([names[0].ljust(WIDEST), *names[1:]])}\n{_line(rule)}"


def line(row: Any) -> str:
    first, *others = fields(row)
    cells = [f"{_text(getattr(row, each.name)):>{len(each.name)}}" for each in others]
    return _line([str(getattr(row, first.name)).ljust(WIDEST), *cells])


def total(rows: Iterable[Any]) -> str:
    together = combined(rows)
    return line(replace(together, **{fields(together)[0].name: "all"}))


def combined(rows: Iterable[Row]) -> Row:
    """Add up what can be added, and take the greatest of the rest; the first row names it."""
    found = list(rows)
    _first, *others = fields(found[0])
    values = {
        each.name: (max if each.name in GREATEST else sum)(getattr(row, each.name) for row in found)
        for each in others
    }
    return replace(found[0], **values)


def _text(value: float) -> str:
    return f"{value:g}"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
