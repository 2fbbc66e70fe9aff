"""A worker that was frozen, and wakes up when another one has finished its job, changes nothing."""

import pytest
import sqlalchemy as sa

from chalicelib.core.config import settings
from chalicelib.core.models import Job, Persona
from tests.campaigns.harness import Harness, prefix_of
from tests.campaigns.points import POINTS
from tests.campaigns.zombie import STOPS, faults, freeze, stop

RUNS = 5


@pytest.mark.parametrize("name", STOPS)
def test_stopped_at(harness: Harness, name: str) -> None:
    row = stop(harness, POINTS[name], RUNS)
    assert row.runs == RUNS
    assert faults(row) == [], row


@pytest.mark.parametrize(
    "name", ["character: answered", "dall-e: answered", "dall-e: PUT", "publish: before"]
)
def test_woken_while_its_successor_is_at_work(harness: Harness, name: str) -> None:
    point = POINTS[name]
    names = harness.begin(1)
    harness.accept(names, point.errand)
    (zombie,) = freeze(point, harness.receive())
    harness.clock.advance(settings().job_lease_seconds + 1)
    harness.crew.ask("sweep")
    (successor,) = freeze(POINTS["worker: claimed"], harness.receive())
    assert (zombie.state, successor.state) == ("T", "T")
    left = sa.select(Job.checkpoint, Job.fence, Job.step).join(Persona, Persona.job_id == Job.id)
    left = left.where(Persona.name == names[0])
    before = harness.session.execute(left).one()
    zombie.go_on()
    zombie.answer()
    assert harness.session.execute(left).one() == before
    successor.go_on()
    successor.answer()
    (outcome,) = harness.look(prefix_of(names)).outcomes
    assert (outcome.status, outcome.attempt) == ("succeeded", 2)
    assert outcome.is_whole
    for each in (zombie, successor):
        each.close()
