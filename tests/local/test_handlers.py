import subprocess
import sys
import time

import pytest
from chalice.app import Cron, Rate, ScheduleExpression

from local.handlers import (
    Context,
    Guarded,
    UnknownExpression,
    period_of,
    schedules,
    subscriptions,
)
from tests.local.sample import recorder

SAMPLE = "tests.local.sample"


def test_the_handlers_of_a_package_are_found_with_their_queues() -> None:
    (found,) = subscriptions(SAMPLE)
    assert (found.name, found.queue, found.batch_size) == ("recorder", "sample", 1)
    assert found.call is recorder.record


def test_the_schedules_of_a_package_are_found_with_their_periods() -> None:
    (found,) = schedules(SAMPLE)
    assert (found.name, found.period_seconds) == ("clock", 300)
    assert found.call is recorder.tick


def test_a_handler_sees_no_application_as_in_lambda() -> None:
    subscriptions(SAMPLE)
    with pytest.raises(RuntimeError):
        _ = recorder.handlers.current_app


def test_the_workers_are_found_without_the_application() -> None:
    question = (
        "import sys; from local.handlers import schedules, subscriptions;"
        "print([s.name for s in subscriptions()], 'app' in sys.modules)"
    )
    command = [sys.executable, "-c", question]
    answer = subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "['persona_generator', 'webhooks'] False"


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("rate(1 minute)", 60),
        (Rate(2, unit=Rate.HOURS), 7200),
        ("rate(1 day)", 86400),
    ],
)
def test_a_rate_is_a_period(expression: str | ScheduleExpression, seconds: float) -> None:
    assert period_of(expression) == seconds


def test_any_other_expression_is_refused_with_a_sentence() -> None:
    with pytest.raises(UnknownExpression, match="is no rate"):
        period_of(Cron(0, 3, "*", "*", "?", "*"))


def test_the_remaining_time_runs_out() -> None:
    context = Context("worker", timeout_seconds=0.05)
    assert 0 < context.get_remaining_time_in_millis() <= 50
    time.sleep(0.06)
    assert context.get_remaining_time_in_millis() == 0


def test_a_failure_is_logged_with_the_name_of_the_handler(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Guarded("recorder") as call:
        raise recorder.Refused
    assert call.has_failed
    (line,) = caplog.records
    assert vars(line)["handler"] == "recorder"
    assert line.exc_info is not None


def test_an_interrupt_is_no_failure_of_the_handler() -> None:
    with pytest.raises(KeyboardInterrupt), Guarded("recorder"):
        raise KeyboardInterrupt
