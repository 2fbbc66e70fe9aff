"""Calls that cost money: nothing is asked of a vendor before the ledger says so.

One statement checks the fence, renews the lease, asks the circuit breaker, counts what the step has
cost so far and writes the intent. It is committed before the call is made, so that no crash leaves
a call that nobody knows of.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from chalicelib.core.config import settings
from chalicelib.core.db import at_once, transaction
from chalicelib.core.ports import (
    ContentRefused,
    Served,
    Service,
    Units,
    VendorRejected,
    VendorUnavailable,
)
from chalicelib.jobs import timing
from chalicelib.jobs.exceptions import LeaseLost, OrderUnanswered, StepOverpaid, VendorResting
from chalicelib.jobs.leases import Claim
from chalicelib.jobs.measures import asked
from chalicelib.spending import breakers
from chalicelib.spending.ledger import SETTLE, Receipt, settled
from chalicelib.spending.pricing import price_of
from chalicelib.spending.quotas import CALLS_A_STEP

Thing = TypeVar("Thing")

COLLECT = "collect"
"""How numbers and traces name a call about something that was paid for before."""


@dataclass(frozen=True)
class Order(Generic[Thing]):
    """A step's call. `marks` go into the checkpoint before it is made."""

    step: str
    service: Service
    call: Callable[[], Served[Thing]]
    progress: int
    marks: Mapping[str, Any] = field(default_factory=dict)
    find: Callable[[], Served[Thing] | None] = lambda: None
    """Look for an order that was accepted although its answer was lost."""


@dataclass(frozen=True)
class Bought(Generic[Thing]):
    """What a call has brought. Hand the receipt to the `record` that keeps it."""

    value: Thing
    receipt: Receipt


_INTEND = sa.text("""
WITH held AS (
    UPDATE jobs
    SET lease_until = now() + :lease,
        updated_at = now(),
        checkpoint = checkpoint || :marks,
        step = CASE WHEN progress <= :progress THEN :step ELSE step END,
        progress = greatest(progress, :progress)
    WHERE id = :job_id AND fence = :fence AND status = 'running'
    RETURNING owner_id
), past AS (
    SELECT coalesce(max(attempt), 0) AS attempts,
           count(*) FILTER (WHERE status <> 'void') AS paid,
           (array_agg(id ORDER BY attempt DESC) FILTER (WHERE is_unanswered))[1] AS unanswered,
           min(now() - created_at) FILTER (WHERE is_unanswered) AS silence
    FROM (
        SELECT *, :is_traceable AND status = 'intent' AND provider = :provider AND model = :model
               AS is_unanswered
        FROM usage_events WHERE job_id = :job_id AND step = :step
    ) AS events
), breaker AS (
    SELECT open_until - now() AS rest, is_probed FROM breakers
    WHERE provider = :provider AND model = :model AND open_until IS NOT NULL
), wanted AS (
    SELECT owner_id, attempts + 1 AS attempt FROM held, past
    WHERE paid < :most AND (unanswered IS NULL OR :again)
), probe AS (
    UPDATE breakers SET is_probed = true, open_until = now() + :probe_time
    WHERE provider = :provider AND model = :model AND open_until <= now()
      AND EXISTS (SELECT FROM wanted)
    RETURNING model
), intent AS (
    INSERT INTO usage_events
        (user_id, job_id, step, attempt, provider, model, kind, cost_micros, day)
    SELECT owner_id, :job_id, :step, attempt, :provider, :model, :kind, :micros,
           (now() AT TIME ZONE 'utc')::date
    FROM wanted
    WHERE NOT EXISTS (SELECT FROM breaker) OR EXISTS (SELECT FROM probe)
    RETURNING id
)
SELECT EXISTS (SELECT FROM held) AS is_held,
       (SELECT id FROM intent) AS intent,
       EXISTS (SELECT FROM probe) AS is_probe,
       paid, unanswered, silence,
       (SELECT rest FROM breaker WHERE NOT is_probed) AS rest
FROM past
""").bindparams(
    sa.bindparam("marks", type_=JSONB),
    sa.bindparam("lease", type_=sa.Interval),
    sa.bindparam("probe_time", type_=sa.Interval),
)


_ADMIT = sa.text("""
WITH held AS (
    UPDATE jobs SET lease_until = now() + :lease, updated_at = now()
    WHERE id = :job_id AND fence = :fence AND status = 'running'
    RETURNING id
), breaker AS (
    SELECT open_until - now() AS rest, is_probed FROM breakers
    WHERE provider = :provider AND model = :model AND open_until IS NOT NULL
), probe AS (
    UPDATE breakers SET is_probed = true, open_until = now() + :probe_time
    WHERE provider = :provider AND model = :model AND open_until <= now()
      AND EXISTS (SELECT FROM held)
    RETURNING model
)
SELECT EXISTS (SELECT FROM held) AS is_held,
       EXISTS (SELECT FROM probe) AS is_probe,
       EXISTS (SELECT FROM breaker) AS is_open,
       (SELECT rest FROM breaker WHERE NOT is_probed) AS rest
""").bindparams(
    sa.bindparam("lease", type_=sa.Interval),
    sa.bindparam("probe_time", type_=sa.Interval),
)


def buy(claimed: Claim, order: Order[Thing]) -> Bought[Thing]:
    """Make the call, or raise why it is not made: `LeaseLost`, `Postponed`, `StepOverpaid`."""
    said = _intend(claimed, order)
    if said.unanswered is not None:
        if (found := order.find()) is not None:
            return Bought(found.value, Receipt(said.unanswered, order.service, found.units))
        if said.silence < timing.ANSWER_GRACE:
            raise OrderUnanswered(timing.ANSWER_GRACE - said.silence)
        said = _intend(claimed, order, again=True)
    if said.intent is None:
        raise _refusal(said)
    try:
        served = asked(order.service, order.step, order.call)
    except VendorUnavailable as error:
        _note_failure(order.service, error, event_id=said.intent)
        if said.is_probe:
            raise VendorResting(timing.REST) from error
        raise
    except (ContentRefused, VendorRejected) as error:
        _note_answer(order.service, error.used, event_id=said.intent)
        raise
    return Bought(served.value, Receipt(said.intent, order.service, served.units))


def follow(claimed: Claim, service: Service, call: Callable[[], Thing]) -> Thing:
    """Ask a vendor about what is paid for, unless it is left alone: then raise `VendorResting`."""
    said = _admit(claimed, service)
    try:
        thing = asked(service, COLLECT, call)
    except VendorUnavailable as error:
        _note_failure(service, error)
        if said.is_probe:
            raise VendorResting(timing.REST) from error
        raise
    if said.is_probe:
        _note_answer(service, None)
    return thing


def settle(receipt: Receipt) -> None:
    _note_answer(receipt.service, receipt.units, event_id=receipt.event_id)


def _intend(claimed: Claim, order: Order[Any], *, again: bool = False) -> "sa.Row[Any]":
    service = order.service
    with at_once() as session:
        said = session.execute(
            _INTEND,
            {
                "job_id": claimed.job_id,
                "fence": claimed.fence,
                "lease": timedelta(seconds=settings().job_lease_seconds),
                "step": order.step,
                "progress": order.progress,
                "marks": dict(order.marks),
                "provider": service.provider,
                "model": service.model,
                "kind": service.kind.value,
                "is_traceable": service.is_traceable,
                "again": again,
                "micros": price_of(service).most,
                "most": CALLS_A_STEP,
                "probe_time": timing.PROBE_TIME,
            },
        ).one()
    if not said.is_held:
        raise LeaseLost
    return said


def _admit(claimed: Claim, service: Service) -> "sa.Row[Any]":
    with at_once() as session:
        said = session.execute(
            _ADMIT,
            {
                "job_id": claimed.job_id,
                "fence": claimed.fence,
                "lease": timedelta(seconds=settings().job_lease_seconds),
                "provider": service.provider,
                "model": service.model,
                "probe_time": timing.PROBE_TIME,
            },
        ).one()
    if not said.is_held:
        raise LeaseLost
    if said.is_open and not said.is_probe:
        raise _resting(said)
    return said


def _refusal(said: "sa.Row[Any]") -> Exception:
    return StepOverpaid() if said.paid >= CALLS_A_STEP else _resting(said)


def _resting(said: "sa.Row[Any]") -> VendorResting:
    is_known = said.rest is not None and said.rest > timedelta()
    return VendorResting(said.rest if is_known else timing.PROBE_NEWS)


def _note_failure(
    service: Service, error: VendorUnavailable, *, event_id: UUID | None = None
) -> None:
    """Where nobody knows what the vendor has done, the intent stays as it is."""
    with transaction() as session:
        if event_id is not None and error.used is not None:
            session.execute(SETTLE, settled(Receipt(event_id, service, error.used)))
        breakers.note_failure(session, service, rest=timing.REST, retry_after=error.retry_after)


def _note_answer(service: Service, used: Units | None, *, event_id: UUID | None = None) -> None:
    with transaction() as session:
        if event_id is not None and used is not None:
            session.execute(SETTLE, settled(Receipt(event_id, service, used)))
        session.execute(breakers.CLOSE, breakers.closed(service))
