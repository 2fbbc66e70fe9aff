"""A process that is killed anywhere costs time. It loses nothing and changes no result."""

import pytest

from tests.campaigns.crash import faults, kill
from tests.campaigns.harness import Harness
from tests.campaigns.points import POINTS

RUNS = 20
RUNS_OF_ITS_LIKE = 2
USUAL = {"accept", "sweep", "worker", "character", "dall-e", "openjourney", "publish", "cancel"}
"""What jobs usually go through. The other texts are bought as the character is, the other errands
end as this one does, by the same code: `make crash` kills there as often as anywhere."""


@pytest.mark.parametrize("name", POINTS)
def test_killed_at(harness: Harness, name: str) -> None:
    point = POINTS[name]
    runs = RUNS if name.partition(":")[0] in USUAL else RUNS_OF_ITS_LIKE
    row = kill(harness, point, runs)
    assert faults(point, row) == [], row
