"""A worker that was frozen, and wakes up when another one has finished its job, changes nothing."""

import pytest

from tests.campaigns.harness import Harness
from tests.campaigns.points import POINTS
from tests.campaigns.zombie import STOPS, faults, stop

RUNS = 5


@pytest.mark.parametrize("name", STOPS)
def test_stopped_at(harness: Harness, name: str) -> None:
    row = stop(harness, POINTS[name], RUNS)
    assert row.runs == RUNS
    assert faults(row) == [], row
