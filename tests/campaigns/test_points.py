"""The points leave nothing out, and nothing of the parent is shared with a child."""

import pytest

from chalicelib.jobs.runner import Run
from tests.campaigns.dooms import code_of
from tests.campaigns.errands import WHOLE, Errand
from tests.campaigns.harness import Harness
from tests.campaigns.nursery import Hand
from tests.campaigns.points import POINTS


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
