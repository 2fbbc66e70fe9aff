"""What a user has used, and may still use."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.spending.quotas import get_today
from chalicelib.spending.schemas import LimitsRead, UsagePage, UsageQuery, UsageRead

_USAGE = sa.text("""
WITH mine AS (
    SELECT day, kind, provider, model, units, cost_micros FROM usage_events
    WHERE user_id = :user_id AND status <> 'void'
      AND day > (now() AT TIME ZONE 'utc')::date - :days
), counted AS (
    SELECT day, kind, provider, model, count(*) AS calls, sum(cost_micros)::bigint AS cost_micros
    FROM mine GROUP BY day, kind, provider, model
), measured AS (
    SELECT day, kind, provider, model, jsonb_object_agg(unit, total) AS units FROM (
        SELECT day, kind, provider, model, key AS unit, sum(value::bigint) AS total
        FROM mine, jsonb_each_text(units) GROUP BY day, kind, provider, model, key
    ) AS each_unit GROUP BY day, kind, provider, model
)
SELECT day, kind, provider, model, calls, coalesce(units, '{}') AS units, cost_micros
FROM counted LEFT JOIN measured USING (day, kind, provider, model)
ORDER BY day DESC, kind, provider, model
""")


def get_usage(session: Session, *, user_id: UUID, query: UsageQuery) -> UsagePage:
    rows = session.execute(_USAGE, {"user_id": user_id, "days": query.days})
    items = [UsageRead.model_validate(row, from_attributes=True) for row in rows]
    today = get_today(session, user_id=user_id)
    limits = LimitsRead.model_validate(today.limits, from_attributes=True)
    return UsagePage(items=items, limits=limits, resets_at=today.resets_at)
