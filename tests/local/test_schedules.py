import re
import time
from threading import Event, Thread

from local.handlers import Schedule, schedules
from local.schedules import serve
from tests.local.sample import recorder


def test_a_schedule_is_due_again_and_again() -> None:
    calls: list[float] = []
    ran = run([Schedule("clock", lambda *_: calls.append(time.monotonic()), 0.1)], seconds=0.55)
    assert ran < 1
    assert 4 <= len(calls) <= 5


def test_a_failure_does_not_end_a_schedule() -> None:
    calls: list[int] = []

    def fail(*_: object) -> None:
        calls.append(1)
        raise recorder.Refused

    run([Schedule("clock", fail, 0.1)], seconds=0.35)
    assert len(calls) >= 2


def test_the_event_is_shaped_as_eventbridge_shapes_it() -> None:
    recorder.events.clear()
    (clock,) = schedules("tests.local.sample")
    run([Schedule(clock.name, clock.call, 0.1)], seconds=0.15)
    (event,) = recorder.events
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event.pop("time"))
    assert event.pop("id")
    assert event == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "region": "eu-north-1",
        "resources": ["arn:aws:events:eu-north-1:000000000000:rule/clock"],
        "detail": {},
    }


def run(found: list[Schedule], *, seconds: float) -> float:
    started, stopping = time.monotonic(), Event()
    runner = Thread(
        target=serve, args=(found,), kwargs={"region": "eu-north-1", "stopping": stopping}
    )
    runner.start()
    time.sleep(seconds)
    stopping.set()
    runner.join()
    return time.monotonic() - started
