"""A process that is killed anywhere costs time. It loses nothing and changes no result."""

import pytest

from tests.campaigns.crash import faults, kill
from tests.campaigns.harness import Harness
from tests.campaigns.points import POINTS

RUNS = 20
RUNS_OF_ITS_LIKE = 2
OFTEN = {
    *("accept", "sweep", "worker", "moderation", "character"),
    *("dall-e", "openjourney", "publish", "cancel"),
}
"""The families that are killed most. The others go through the same purchases, leases and endings;
`make crash` kills there as often."""


@pytest.mark.parametrize("name", POINTS)
def test_killed_at(harness: Harness, name: str) -> None:
    point = POINTS[name]
    runs = RUNS if family(name) in OFTEN else RUNS_OF_ITS_LIKE
    row = kill(harness, point, runs)
    assert faults(point, row) == [], row


def test_the_families_are_there() -> None:
    assert {family(name) for name in POINTS} >= OFTEN


def family(name: str) -> str:
    return name.partition(":")[0]
