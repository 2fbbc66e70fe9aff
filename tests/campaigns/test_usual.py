"""The control: the same harness finds what the usual code does wrong, so that it can be believed
where it finds nothing."""

import pytest

from tests.campaigns.harness import Harness
from tests.campaigns.usual import POINTS, kill

RUNS = 5

LOSES = ("usual accept: after COMMIT", "usual accept: before the send")
PAYS_AGAIN = {
    "usual worker: text answered": {"text": RUNS},
    "usual worker: image unread": {"text": 2 * RUNS, "image": RUNS},
    "usual worker: image answered": {"text": 2 * RUNS, "image": RUNS},
    "usual worker: PUT": {"text": 2 * RUNS, "image": RUNS},
    "usual worker: after COMMIT": {"text": 2 * RUNS, "image": RUNS},
}


@pytest.mark.parametrize("name", LOSES)
def test_it_loses_what_it_has_accepted(harness: Harness, name: str) -> None:
    row = kill(harness, POINTS[name], RUNS)
    assert (row.killed, row.ready, row.lost) == (RUNS, 0, RUNS)


@pytest.mark.parametrize("name", PAYS_AGAIN)
def test_it_pays_again_for_everything(harness: Harness, name: str) -> None:
    row = kill(harness, POINTS[name], RUNS)
    assert (row.killed, row.ready) == (RUNS, RUNS)
    expected = {"text": 0, "image": 0} | PAYS_AGAIN[name]
    assert {"text": row.text, "image": row.image} == expected
    assert row.stuck > 1000  # until the queue shows the message again


@pytest.mark.parametrize("name", ["usual worker: PUT", "usual worker: after COMMIT"])
def test_it_leaves_two_pictures_where_one_was_asked_for(harness: Harness, name: str) -> None:
    row = kill(harness, POINTS[name], RUNS)
    assert row.mismatches == RUNS
