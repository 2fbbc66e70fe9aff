"""How the system stands, in numbers that the sweeper leaves each minute: alarms look at them."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.config import settings
from chalicelib.core.metrics import counted
from chalicelib.core.models import JobStatus

log = logging.getLogger(__name__)

MICROS = 1_000_000

# An id begins with the time it was made at, so that the primary key finds the last day's.
_JOBS = sa.text("""
SELECT status, count(*) AS jobs FROM jobs
WHERE status IN ('queued', 'running') OR id > (SELECT uuidv7(interval '-1 day'))
GROUP BY status
""")
_OLDEST = sa.text("""
SELECT kind, extract(epoch FROM now() - min(queued_at))::float AS seconds FROM jobs
WHERE status IN ('queued', 'running') AND queued_at <= now()
GROUP BY kind
""")
_SPENT = sa.text("""
SELECT coalesce(sum(cost_micros), 0)::bigint FROM daily_costs
WHERE day = (now() AT TIME ZONE 'utc')::date
""")
_BREAKERS = sa.text("""
SELECT provider, model, open_until IS NOT NULL AS is_open FROM breakers
""")


def read_gauges(session: Session) -> list[dict[str, Any]]:
    """Return a line of metrics for each thing that is measured."""
    return [*_jobs(session), *_oldest(session), _spent(session), *_breakers(session)]


def show_gauges(gauges: list[dict[str, Any]]) -> None:
    for line in gauges:
        log.info("measured", extra=line)


def _jobs(session: Session) -> Iterator[dict[str, Any]]:
    found = {row.status: row.jobs for row in session.execute(_JOBS)}
    for status in JobStatus:
        yield counted({"status": status.value}, Jobs=found.get(status.value, 0))


def _oldest(session: Session) -> Iterator[dict[str, Any]]:
    ages = {row.kind: round(row.seconds, 1) for row in session.execute(_OLDEST)}
    yield counted(OldestJobSeconds=max(ages.values(), default=0))
    for kind, seconds in ages.items():
        yield counted({"kind": kind}, OldestJobSeconds=seconds)


def _spent(session: Session) -> dict[str, Any]:
    dollars = session.execute(_SPENT).scalar_one() / MICROS
    percent = 100 * dollars / settings().daily_budget_dollars
    return counted(SpendDollars=round(dollars, 4), BudgetPercent=round(percent, 1))


def _breakers(session: Session) -> Iterator[dict[str, Any]]:
    rows = session.execute(_BREAKERS).all()
    yield counted(BreakersOpen=sum(row.is_open for row in rows))
    for row in rows:
        yield counted(_of(row), BreakerOpen=int(row.is_open))


def _of(row: "sa.Row[Any]") -> Mapping[str, str]:
    return {"provider": row.provider, "model": row.model}
