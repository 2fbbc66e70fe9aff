"""What a worker says of its work: in its traces, and in numbers on the lines of its log."""

import logging
from collections.abc import Callable
from time import perf_counter
from typing import Any, TypeVar

from chalicelib.core import tracing
from chalicelib.core.metrics import counted
from chalicelib.core.ports import Service, VendorRejected, VendorUnavailable
from chalicelib.jobs.leases import Claim

log = logging.getLogger(__name__)

Thing = TypeVar("Thing")


def asked(service: Service, step: str, call: Callable[[], Thing]) -> Thing:
    """Make a vendor's call. A refusal of what was asked for is no fault of the vendor's."""
    started, errors = perf_counter(), 0
    try:
        with tracing.call(service.provider, namespace="remote"):
            tracing.note(step=step, kind=service.kind.value, model=service.model)
            return call()
    except (VendorUnavailable, VendorRejected):
        errors = 1
        raise
    finally:
        whose = {"provider": service.provider}
        numbers = counted(
            whose,
            {**whose, "step": step},
            StepMilliseconds=_since(started),
            VendorErrors=errors,
        )
        log.info("asked", extra=numbers)


def ended(claimed: Claim, outcome: str) -> dict[str, Any]:
    """Return what the line that tells of an attempt's end has to carry."""
    tracing.note(job_id=str(claimed.job_id), kind=claimed.kind, outcome=outcome)
    tracing.note(attempt=claimed.attempt)
    how = {"outcome": outcome}
    milliseconds = _since(claimed.claimed_at)
    return counted(how, {**how, "kind": claimed.kind}, JobsEnded=1, JobMilliseconds=milliseconds)


def _since(started: float) -> float:
    return round((perf_counter() - started) * 1000, 1)
