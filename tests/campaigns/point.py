"""What a point is, and how the places inside a worker are told."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from chalicelib.jobs import leases
from chalicelib.jobs.runner import Run
from chalicelib.workers import persona_generator as generator
from chalicelib.workers.portrait import draw_portrait
from tests.campaigns.dooms import Gate, Locals, Place
from tests.campaigns.errands import PERSONA, Errand

Role = Literal["accept", "work", "sweep", "cancel", "retry", "tell"]
Paid = Literal["text", "image", "prediction"]

TASKS = (generator.write_and_verify, generator.write_motto, draw_portrait)


@dataclass(frozen=True)
class Point:
    name: str
    role: Role
    place: Place
    errand: Errand = PERSONA
    may_pay_again: Paid | None = None
    """What the vendor has been paid for here, and nobody can know any more."""
    is_unanswered: bool = False
    """Whether the vendor has an order of which only its own notices tell."""
    fault: tuple[str, str] | None = None
    """What goes wrong at the vendor's, so that the product comes by."""
    is_resting: bool = False
    """Whether the vendor is left alone when the worker comes to it."""
    ends_as: str = "succeeded"
    gate: Gate | None = None
    is_committed: bool = True
    """Whether what the process was doing is in the database when it dies."""


def work(step: str, name: str, place: Place, **more: Any) -> Point:
    return Point(f"{step}: {name}", "work", place, **more)


def recorded(
    step: str,
    saved: Callable[[Locals], bool],
    what: str = "the record",
    *,
    may_pay_again: Paid | None = None,
    is_unanswered: bool = False,
    **more: Any,
) -> Iterator[Point]:
    unsure: dict[str, Any] = {"may_pay_again": may_pay_again, "is_unanswered": is_unanswered}
    before = Place(leases.record, within=Run.record, having=saved)
    after = Place(Run.record, leaves=True, within=Run.record, having=saved)
    yield work(step, f"before {what}", before, **unsure, **more)
    yield work(step, f"after {what}", after, **more)


def records(key: str, part: str | None = None) -> Callable[[Locals], bool]:
    """Tell whether `Run.record` was called with this key of the checkpoint, and part of it."""

    def is_recorded(arguments: Locals) -> bool:
        patch = arguments["checkpoint"]
        return key in patch and (part is None or part in patch[key])

    return is_recorded


def is_at(step: str) -> Callable[[Locals], bool]:
    """Tell whether `Run.record` was called to say that this step begins."""
    return lambda arguments: bool(arguments["step"] == step and not arguments["checkpoint"])


def alone(task: Callable[..., Any]) -> Gate:
    return Gate(task, tuple(other for other in TASKS if other is not task))
