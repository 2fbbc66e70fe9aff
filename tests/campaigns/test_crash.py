"""A process that is killed anywhere costs time. It loses nothing and changes no result."""

import os

import pytest

from chalicelib.jobs import timing
from tests.campaigns.crash import kill
from tests.campaigns.harness import Harness
from tests.campaigns.points import POINTS

RUNS = int(os.environ.get("CRASH_RUNS", "20"))
LONGEST_SECONDS = 180


@pytest.mark.parametrize("name", POINTS)
def test_killed_at(harness: Harness, name: str) -> None:
    point = POINTS[name]
    row = kill(harness, point, RUNS)
    print(row)
    ends_ready = point.ends_as == "succeeded"
    assert row.killed == RUNS
    assert (row.ready, row.failed) == ((RUNS, 0) if ends_ready else (0, RUNS))
    assert row.lost == 0
    assert row.stuck <= LONGEST_SECONDS
    assert (row.mismatches, row.changed) == (0, 0)
    extra = {"text": row.text, "image": row.image, "prediction": row.prediction}
    allowed = extra.pop(point.may_pay_again, 0) if point.may_pay_again else 0
    assert allowed <= RUNS
    assert row.most <= (1 if point.may_pay_again else 0)
    assert set(extra.values()) <= {0}
