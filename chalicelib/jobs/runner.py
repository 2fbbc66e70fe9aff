"""One way to run a job: claim it, do the work, and settle whatever came of it."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from math import ceil
from random import SystemRandom
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from pydantic import ValidationError

from chalicelib.core.db import at_once, transaction
from chalicelib.core.errors import DomainError, Unavailable
from chalicelib.core.logging import bound
from chalicelib.core.ports import Queue, Service, VendorUnavailable
from chalicelib.jobs import leases, measures, purchases, timing
from chalicelib.jobs.exceptions import LeaseLost, Postponed
from chalicelib.jobs.leases import Claim
from chalicelib.jobs.purchases import Bought, Order
from chalicelib.jobs.schemas import JobError, JobMessage
from chalicelib.jobs.services import send_deliveries, send_job
from chalicelib.spending.ledger import Receipt

log = logging.getLogger(__name__)

Thing = TypeVar("Thing")


class Run:
    """A claimed job at work. What it records survives the worker."""

    def __init__(self, claimed: Claim) -> None:
        self.claim = claimed

    def recorded(self, key: str) -> Mapping[str, Any] | None:
        """Return what an earlier attempt has left under the key."""
        return self.claim.checkpoint.get(key)

    def record(
        self, *, step: str, progress: int, receipt: Receipt | None = None, **checkpoint: Any
    ) -> None:
        """Save the outcome of a step. Raises `LeaseLost` when the job is no longer ours."""
        with at_once() as session:
            leases.record(
                session,
                self.claim,
                step=step,
                progress=progress,
                checkpoint=checkpoint,
                receipt=receipt,
            )

    def buy(self, order: Order[Thing]) -> Bought[Thing]:
        """Make a call that costs money. Every call of a worker to a vendor goes through
        here, but those about something that was paid for before."""
        return purchases.buy(self.claim, order)

    def follow(self, service: Service, call: Callable[[], Thing]) -> Thing:
        """Make a call about something that was paid for before."""
        return purchases.follow(self.claim, service, call)

    def settle(self, receipt: Receipt) -> None:
        """Close the ledger's entry of a call whose outcome is of no use."""
        purchases.settle(receipt)

    def is_last_try(self, error: Unavailable) -> bool:
        """Tell whether, after this, nothing more can be tried before the job must end."""
        if isinstance(error, Postponed):
            return self.claim.time_left <= error.delay + timing.LAST_TRY
        return self.claim.is_last_attempt


Work = Callable[[Run], None]


class Named(NamedTuple):
    """What a message is about, and the trace that it was sent in."""

    job_id: UUID
    trace: str | None


def jobs_named(records: Iterable[Mapping[str, Any]]) -> Iterator[Named]:
    """Read the messages of a queue. One that names no job is said so of and done with: nothing is
    lost, as every job that waits is in the database, and no redrive would ever mend it."""
    for record in records:
        body, attributes = record["body"], record.get("attributes") or {}
        try:
            job_id = JobMessage.model_validate_json(body).job_id
        except ValidationError:
            log.error("a message names no job", extra={"length": len(body)})  # noqa: TRY400
        else:
            yield Named(job_id, attributes.get("AWSTraceHeader"))


def backoff(attempt: int) -> timedelta:
    """Return a random delay below an exponential ceiling (full jitter, AWS builders' library)."""
    doubled: timedelta = timing.BACKOFF_BASE * 2 ** (attempt - 1)
    ceiling = min(timing.BACKOFF_CAP, doubled)
    return ceiling * SystemRandom().random()


def run_job(
    queue: Queue,
    *,
    job_id: UUID,
    work: Mapping[str, Work],
    delay_after: Callable[[int], timedelta] = backoff,
) -> None:
    """Run the work of the job's kind under a lease. A message for a job that has ended, or of a
    kind that belongs to another worker, is simply done with.

    The work ends with `leases.finish` in its own last transaction. When it raises `Unavailable` the
    job is queued again, after the delay that follows this attempt, when it raises `Postponed` with
    its attempt given back; any other domain error ends it; a bug leaves it to the sweeper.
    """
    with transaction() as session:
        claimed = leases.claim(session, job_id=job_id, kinds=work.keys())
    with bound(job_id=job_id):
        if claimed is None:
            log.info("nothing to do")
            return
        log.info("started", extra={"kind": claimed.kind, "attempt": claimed.attempt})
        try:
            work[claimed.kind](Run(claimed))
            log.info("succeeded", extra=measures.ended(claimed, "succeeded"))
        except LeaseLost:
            extra = measures.ended(claimed, "lost")
            log.info("stopped: the job is in other hands", extra=extra)
        except Postponed as error:
            _postpone(claimed, error)
        except Unavailable as error:
            delay = max(delay_after(claimed.attempt), _asked_for(error))
            _try_later(queue, claimed, error, delay)
        except DomainError as error:
            _fail(claimed, error, retryable=False)
        except Exception:
            # The runtime says why, but not whose.
            log.warning("crashed: left to the sweeper", extra=measures.ended(claimed, "crashed"))
            raise
        send_deliveries(queue, job_id=job_id)


def _asked_for(error: Unavailable) -> timedelta:
    """Return the delay a busy vendor asked for, and up to a quarter more to spread the herd."""
    if not isinstance(error, VendorUnavailable) or error.retry_after is None:
        return timedelta()
    return timedelta(seconds=error.retry_after) * (1 + SystemRandom().random() / 4)


def _try_later(queue: Queue, claimed: Claim, error: Unavailable, delay: timedelta) -> None:
    if claimed.is_last_attempt:
        _fail(claimed, error, retryable=True)
        return
    try:
        with transaction() as session:
            leases.release(session, claimed, delay=delay)
    except LeaseLost:
        return
    told = {"code": error.code, "delay": delay.total_seconds()}
    log.warning("will try again", extra=told | measures.ended(claimed, "retried"))
    if delay <= timing.LONGEST_DELAY:
        seconds = ceil(delay.total_seconds())
        send_job(queue, job_id=claimed.job_id, kind=claimed.kind, delay_seconds=seconds)


def _postpone(claimed: Claim, error: Postponed) -> None:
    """Wait as long as the error says, and up to a quarter more to spread the herd."""
    delay = error.delay * (1 + SystemRandom().random() / 4)
    try:
        with transaction() as session:
            leases.postpone(session, claimed, delay=delay)
    except LeaseLost:
        return
    told = {"code": error.code, "delay": delay.total_seconds()}
    log.info("postponed", extra=told | measures.ended(claimed, "postponed"))


def _fail(claimed: Claim, error: DomainError, *, retryable: bool) -> None:
    told = JobError(code=error.code, message=str(error), retryable=retryable)
    try:
        with transaction() as session:
            leases.fail(session, claimed, error=told)
    except LeaseLost:
        return
    why = {"code": error.code, "reason": error.reason}
    log.warning("failed", extra=why | measures.ended(claimed, "failed"))
