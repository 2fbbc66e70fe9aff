"""One call to a vendor, from its arrival to its answer: faults, bills and time."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from local.vendors.counters import Counters
from local.vendors.faults import Fault, Faults, Moment
from local.vendors.latencies import Latencies
from local.vendors.messages import CutOff, Dropped, Reply, Unanswered
from local.vendors.predictions import Predictions
from local.vendors.problems import BY_FAULT, Problem, Shape
from local.vendors.spoilage import PAGE

Work = Callable[[Fault | None], Reply]

BILLED = frozenset({"text", "image", "speech", "prediction"})


@dataclass(frozen=True)
class Call:
    operation: str
    model: str
    prompt: str
    shape: Shape
    objection: Problem | None = None
    """What the vendor has against this call by itself, without any fault."""
    answers_at_once: bool = False
    """The latency belongs to what the answer has started."""


@dataclass(frozen=True)
class Emulator:
    origin: str
    predictions: Predictions
    latencies: Latencies
    faults: Faults
    counters: Counters

    def perform(self, call: Call, work: Work) -> Reply:
        """Do the work unless a fault prevents it, and answer when the latency is over."""
        started = time.monotonic()
        fault = self.faults.take(call.operation, call.prompt)
        moment = fault.moment if fault else None
        problem = _problem(call, fault)
        is_heard = moment not in {Moment.UNHEARD, Moment.DROPPED}
        is_billed = call.operation in BILLED and not problem and is_heard
        self._count(call, fault, is_billed=is_billed)
        if moment in {Moment.UNHEARD, Moment.UNANSWERED}:
            raise Unanswered
        if moment is Moment.DROPPED:
            raise Dropped
        if problem:
            return call.shape(problem)
        reply = work(fault)
        if not call.answers_at_once:
            rest = started + self.latencies.seconds(call.operation) - time.monotonic()
            time.sleep(max(0, rest))
        if moment is Moment.CUT:
            raise CutOff(reply)
        return _spoiled(reply, fault)

    def _count(self, call: Call, fault: Fault | None, *, is_billed: bool) -> None:
        kind = fault.kind if fault else None
        self.counters.add(call.operation, call.model, call.prompt, billed=is_billed, fault=kind)


def _spoiled(reply: Reply, fault: Fault | None) -> Reply:
    """Spoil what carries the answer. What it says is spoiled where it is made."""
    match fault.kind if fault else None:
        case "invalid_json":
            return replace(reply, body=reply.body[: len(reply.body) // 2])
        case "page":
            return replace(reply, body=PAGE, content_type="text/html")
        case _:
            return reply


def _problem(call: Call, fault: Fault | None) -> Problem | None:
    if fault is not None and fault.moment is Moment.REFUSED:
        return replace(BY_FAULT[fault.kind], retry_after=fault.options.get("retry_after"))
    return call.objection
