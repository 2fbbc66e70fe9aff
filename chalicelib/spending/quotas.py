"""Daily limits: reserve the most a job may use when it is accepted, settle when it has ended.

Whoever changes the counters locks them in one order: the user's, then everybody's.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.config import settings
from chalicelib.core.models import UsageKind
from chalicelib.spending.exceptions import BudgetExceeded, QuotaExceeded
from chalicelib.spending.pricing import dearest

log = logging.getLogger(__name__)

CALLS_A_STEP = 3
"""How often a step may be paid for over the life of its job."""
MICROS = 1_000_000


@dataclass(frozen=True)
class Needs:
    """How many steps of a job ask a vendor for a text, and for an image."""

    texts: int = 0
    images: int = 0

    @property
    def most_texts(self) -> int:
        return self.texts * CALLS_A_STEP

    @property
    def most_images(self) -> int:
        return self.images * CALLS_A_STEP

    @property
    def most_micros(self) -> int:
        texts = self.most_texts * dearest(UsageKind.TEXT)
        return texts + self.most_images * dearest(UsageKind.IMAGE)


_RESERVE = sa.text("""
WITH today AS (
    SELECT (now() AT TIME ZONE 'utc')::date AS day
), mine AS (
    INSERT INTO daily_usage AS mine (user_id, day, texts, images)
    SELECT :user_id, day, :texts, :images FROM today
    WHERE :texts <= :max_texts AND :images <= :max_images
    ON CONFLICT (user_id, day) DO UPDATE
    SET texts = mine.texts + excluded.texts, images = mine.images + excluded.images
    WHERE mine.texts + excluded.texts <= :max_texts
      AND mine.images + excluded.images <= :max_images
    RETURNING day
), everybodys AS (
    INSERT INTO daily_costs AS everybodys (day, cost_micros)
    SELECT day, :micros FROM mine WHERE :micros <= :max_micros
    ON CONFLICT (day) DO UPDATE
    SET cost_micros = everybodys.cost_micros + excluded.cost_micros
    WHERE everybodys.cost_micros + excluded.cost_micros <= :max_micros
    RETURNING day
), reserved AS (
    INSERT INTO reservations (job_id, user_id, day, texts, images, cost_micros)
    SELECT :job_id, :user_id, day, :texts, :images, :micros FROM everybodys
    RETURNING job_id
)
SELECT EXISTS (SELECT FROM mine) AS is_mine, EXISTS (SELECT FROM reserved) AS is_reserved
""")

_SETTLE = sa.text("""
WITH freed AS (
    DELETE FROM reservations WHERE job_id = ANY (:job_ids) RETURNING *
), used AS (
    SELECT freed.job_id,
           count(*) FILTER (WHERE event.kind = 'text') AS texts,
           count(*) FILTER (WHERE event.kind = 'image') AS images,
           sum(event.cost_micros) AS cost_micros
    FROM freed JOIN usage_events event
      ON event.job_id = freed.job_id AND event.created_at >= freed.created_at
    WHERE event.status <> 'void'
    GROUP BY freed.job_id
), change AS (
    SELECT freed.user_id, freed.day,
           sum(coalesce(used.texts, 0) - freed.texts) AS texts,
           sum(coalesce(used.images, 0) - freed.images) AS images,
           sum(coalesce(used.cost_micros, 0) - freed.cost_micros) AS cost_micros
    FROM freed LEFT JOIN used USING (job_id)
    GROUP BY freed.user_id, freed.day
), mine AS (
    UPDATE daily_usage AS mine
    SET texts = mine.texts + change.texts, images = mine.images + change.images
    FROM change WHERE mine.user_id = change.user_id AND mine.day = change.day
    RETURNING mine.day, change.cost_micros
)
UPDATE daily_costs AS everybodys
SET cost_micros = everybodys.cost_micros + saved.cost_micros
FROM (SELECT day, sum(cost_micros) AS cost_micros FROM mine GROUP BY day) AS saved
WHERE everybodys.day = saved.day
""")

_TODAY = sa.text("""
SELECT (today.day + 1)::timestamp AT TIME ZONE 'utc' AS resets_at,
       ceil(extract(epoch FROM (today.day + 1)::timestamp AT TIME ZONE 'utc' - now()))::int,
       coalesce(mine.texts, 0), coalesce(mine.images, 0)
FROM (SELECT (now() AT TIME ZONE 'utc')::date AS day) AS today
LEFT JOIN daily_usage AS mine ON mine.user_id = :user_id AND mine.day = today.day
""")


def reserve(session: Session, *, user_id: UUID, job_id: UUID, needs: Needs) -> None:
    """Set the most that the job may use aside, or raise `QuotaExceeded` or `BudgetExceeded`."""
    if needs == Needs():
        return
    row = session.execute(
        _RESERVE,
        {
            "user_id": user_id,
            "job_id": job_id,
            "texts": needs.most_texts,
            "images": needs.most_images,
            "micros": needs.most_micros,
            "max_texts": settings().daily_texts,
            "max_images": settings().daily_images,
            "max_micros": settings().daily_budget_dollars * MICROS,
        },
    ).one()
    if not row.is_mine:
        wanted = {"texts": needs.most_texts, "images": needs.most_images}
        raise quota_exceeded(session, user_id=user_id, wanted=wanted)
    if not row.is_reserved:
        raise budget_exceeded(session, user_id=user_id)


def settle(session: Session, *, job_ids: Sequence[UUID]) -> None:
    """Put what the ledger says was used in place of what was reserved. A second time it does
    nothing: the reservation is gone."""
    if job_ids:
        session.execute(_SETTLE, {"job_ids": list(job_ids)})


@dataclass(frozen=True)
class Limit:
    size: int
    used: int

    @property
    def left(self) -> int:
        return max(0, self.size - self.used)


@dataclass(frozen=True)
class Today:
    """A user's counters, and when they start anew, by the database's clock."""

    resets_at: datetime
    seconds: int
    texts: int
    images: int

    @property
    def limits(self) -> dict[str, Limit]:
        return {
            "texts": Limit(settings().daily_texts, self.texts),
            "images": Limit(settings().daily_images, self.images),
        }


def get_today(session: Session, *, user_id: UUID) -> Today:
    return Today(*session.execute(_TODAY, {"user_id": user_id}).one())


def quota_exceeded(session: Session, *, user_id: UUID, wanted: Mapping[str, int]) -> QuotaExceeded:
    today = get_today(session, user_id=user_id)
    name = max(wanted, key=lambda each: wanted[each] - today.limits[each].left)
    return QuotaExceeded(
        f"{name}_per_day",
        size=today.limits[name].size,
        left=today.limits[name].left,
        resets_at=today.resets_at,
        seconds=today.seconds,
    )


def budget_exceeded(session: Session, *, user_id: UUID) -> BudgetExceeded:
    today = get_today(session, user_id=user_id)
    size = settings().daily_budget_dollars
    log.warning("daily budget reached", extra={"dollars": size})
    return BudgetExceeded(
        "dollars_per_day", size=size, left=0, resets_at=today.resets_at, seconds=today.seconds
    )
