"""Rows as Markdown, which a terminal shows as well."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

WIDEST = 42


def heading(row: type[Any]) -> str:
    names = [field.name for field in fields(row)]
    rule = ["-" * WIDEST, *("-" * len(name) + ":" for name in names[1:])]
    return f"{_line([names[0].ljust(WIDEST), *names[1:]])}\n{_line(rule)}"


def line(row: Any) -> str:
    first, *others = fields(row)
    cells = [f"{_text(getattr(row, each.name)):>{len(each.name)}}" for each in others]
    return _line([str(getattr(row, first.name)).ljust(WIDEST), *cells])


def total(rows: Iterable[Any]) -> str:
    """Add up what can be added, and take the greatest of the rest."""
    found = list(rows)
    _first, *others = fields(found[0])
    cells = []
    for field in others:
        combine = max if field.name in {"stuck", "most"} else sum
        value = combine(getattr(row, field.name) for row in found)
        cells.append(f"{_text(value):>{len(field.name)}}")
    return _line(["all".ljust(WIDEST), *cells])


def _text(value: float) -> str:
    return f"{value:g}"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
