"""What CloudWatch finds in lines of a log: metrics in the embedded format."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

UNITS = {"Count", "Milliseconds", "Seconds", "Percent"}


@dataclass(frozen=True)
class Number:
    name: str
    dimensions: Mapping[str, str]
    value: float
    unit: str
    namespace: str


def numbers(lines: Iterable[Mapping[str, Any]]) -> list[Number]:
    """Read them as CloudWatch does, which says nothing about a line that it cannot read."""
    return [number for line in lines if "_aws" in line for number in _of(line)]


def _of(line: Mapping[str, Any]) -> Iterable[Number]:
    about = line["_aws"]
    assert abs(about["Timestamp"] / 1000 - time.time()) < 600
    for directive in about["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = {name: line[name] for name in names}
            assert all(isinstance(value, str) and value for value in dimensions.values())
            for metric in directive["Metrics"]:
                [value] = line[metric["Name"]]
                assert isinstance(value, int | float)
                assert metric["Unit"] in UNITS
                yield Number(
                    metric["Name"], dimensions, value, metric["Unit"], directive["Namespace"]
                )


def values(found: Iterable[Number], name: str, **dimensions: str) -> list[float]:
    return [each.value for each in found if (each.name, each.dimensions) == (name, dimensions)]
