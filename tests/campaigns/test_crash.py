"""A process that is killed anywhere costs time. It loses nothing and changes no result."""

import os

import pytest

from tests.campaigns.crash import faults, kill
from tests.campaigns.harness import Harness
from tests.campaigns.points import POINTS

RUNS = int(os.environ.get("CRASH_RUNS", "5"))


@pytest.mark.parametrize("name", POINTS)
def test_killed_at(harness: Harness, name: str) -> None:
    point = POINTS[name]
    row = kill(harness, point, RUNS)
    assert faults(point, row) == [], row
