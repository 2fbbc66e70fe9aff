"""A worker that was frozen, and wakes up when another one has finished its job, changes nothing."""

import os

import pytest

from tests.campaigns.harness import Harness
from tests.campaigns.points import POINTS
from tests.campaigns.zombie import STOPS, stop

RUNS = int(os.environ.get("ZOMBIE_RUNS", "5"))


@pytest.mark.parametrize("name", STOPS)
def test_stopped_at(harness: Harness, name: str) -> None:
    row = stop(harness, POINTS[name], RUNS)
    assert (row.runs, row.stopped, row.ready) == (RUNS, RUNS, RUNS)
    assert (row.changed, row.mismatches) == (0, 0)
    assert row.most <= 1
