"""The points leave nothing out, and a campaign takes nothing of the parent's or of others'."""

import pytest

from chalicelib.jobs import timing
from chalicelib.jobs.runner import Run
from tests.campaigns.dooms import code_of
from tests.campaigns.errands import WHOLE, Errand
from tests.campaigns.harness import Harness
from tests.campaigns.nursery import Hand
from tests.campaigns.points import POINTS
from tests.client import Api


@pytest.mark.parametrize("errand", WHOLE, ids=lambda each: each.name)
def test_whatever_a_healthy_run_does_has_a_point(harness: Harness, errand: Errand) -> None:
    harness.accept(harness.begin(1), errand)
    seen = harness.crew.ask("watch", harness.receive())
    places = [point.place for point in POINTS.values()]
    functions = [place.function for place in places]
    functions += [place.within for place in places if place.within]
    known = {code_of(function).co_qualname for function in functions}
    assert seen.calls - {"connect"} <= known  # a client is made; nothing is sent
    recording = [place for place in places if place.within is Run.record]
    unpointed = [
        arguments
        for arguments in seen.records
        if not any(place.having(arguments) for place in recording)
    ]
    assert unpointed == []
    assert len(seen.records) >= len(("moderated", *errand.steps))


def test_a_child_begins_with_no_connection_and_one_thread(harness: Harness) -> None:
    hand = Hand()
    assert hand.ask("belongings") == ([], 1)
    hand.close()


def test_what_others_have_left_is_left_alone(harness: Harness, stranger: Api) -> None:
    """In the suite, the sweeper sends it to the campaign."""
    job_id = stranger.generate().json["job"]["id"]
    harness.clock.advance(2 * timing.SWEEP_PERIOD.total_seconds())
    harness.crew.ask("sweep")
    assert job_id in {message.job_id for message in harness.mailbox.left()}
    assert job_id not in {message.job_id for message in harness.receive()}
    stranger.post(f"/jobs/{job_id}/cancel")
