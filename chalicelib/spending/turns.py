"""What a turn of a talk may cost: set aside when it begins, settled when it ends.

A turn is one text of the user's day, whatever it takes; one that fails is none. What the vendors
charge for it counts in everybody's day all the same.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.config import settings
from chalicelib.core.models import UsageKind
from chalicelib.core.ports import Service
from chalicelib.spending.pricing import price_of
from chalicelib.spending.quotas import MICROS, budget_exceeded, quota_exceeded

_TAKE = sa.text("""
WITH today AS (
    SELECT (now() AT TIME ZONE 'utc')::date AS day
), mine AS (
    INSERT INTO daily_usage AS mine (user_id, day, texts, images)
    SELECT :user_id, day, 1, 0 FROM today
    ON CONFLICT (user_id, day) DO UPDATE SET texts = mine.texts + 1
    WHERE mine.texts < :max_texts
    RETURNING day
), everybodys AS (
    INSERT INTO daily_costs AS everybodys (day, cost_micros)
    SELECT day, :micros FROM mine WHERE :micros <= :max_micros
    ON CONFLICT (day) DO UPDATE
    SET cost_micros = everybodys.cost_micros + excluded.cost_micros
    WHERE everybodys.cost_micros + excluded.cost_micros <= :max_micros
    RETURNING day
), taken AS (
    INSERT INTO turns (conversation_id, user_id, seq, day, texts, cost_micros, until)
    SELECT :conversation_id, :user_id, :seq, day, 1, :micros, now() + :lease FROM everybodys
    RETURNING id, day
), intents AS (
    INSERT INTO usage_events
        (user_id, turn_id, step, attempt, provider, model, kind, cost_micros, day)
    SELECT :user_id, id, step, 1, :provider, :model, :kind, :most, day
    FROM taken, unnest(CAST(:steps AS text[])) AS step
    RETURNING id, step
)
SELECT EXISTS (SELECT FROM mine) AS is_mine,
       (SELECT id FROM taken) AS turn_id,
       (SELECT jsonb_object_agg(step, id) FROM intents) AS events
""").bindparams(sa.bindparam("lease", type_=sa.Interval))

_END = sa.text("""
WITH ended AS (
    DELETE FROM turns USING unnest(CAST(:conversation_ids AS uuid[]), CAST(:turn_ids AS uuid[]))
        AS which (conversation_id, id)
    WHERE turns.conversation_id = which.conversation_id AND turns.id = which.id
    RETURNING turns.*
), spent AS (
    SELECT ended.id, coalesce(sum(event.cost_micros), 0) AS micros
    FROM ended LEFT JOIN usage_events event ON event.turn_id = ended.id
    GROUP BY ended.id
), change AS (
    SELECT user_id, day, sum(:used - texts) AS texts, sum(micros - cost_micros) AS micros
    FROM ended JOIN spent USING (id) GROUP BY user_id, day
), mine AS (
    UPDATE daily_usage AS mine SET texts = mine.texts + change.texts
    FROM change WHERE mine.user_id = change.user_id AND mine.day = change.day
    RETURNING mine.day, change.micros
), everybodys AS (
    UPDATE daily_costs AS everybodys SET cost_micros = everybodys.cost_micros + saved.micros
    FROM (SELECT day, sum(micros) AS micros FROM mine GROUP BY day) AS saved
    WHERE everybodys.day = saved.day
)
SELECT count(*) FROM ended
""")

_DEAD = sa.text("""
SELECT conversation_id, id FROM turns WHERE until < now()
ORDER BY user_id LIMIT :most FOR UPDATE SKIP LOCKED
""")


@dataclass(frozen=True)
class Taken:
    """A turn under way, and the ledger's event for each of its calls."""

    conversation_id: UUID
    id: UUID
    events: Mapping[str, UUID]


def take(
    session: Session,
    service: Service,
    *,
    user_id: UUID,
    conversation_id: UUID,
    seq: int,
    steps: Collection[str],
) -> Taken:
    """Begin a turn that makes these calls, or raise `QuotaExceeded` or `BudgetExceeded`."""
    most = price_of(service).most
    said = session.execute(
        _TAKE,
        {
            "user_id": user_id,
            "conversation_id": conversation_id,
            "seq": seq,
            "steps": list(steps),
            "provider": service.provider,
            "model": service.model,
            "kind": UsageKind.TEXT.value,
            "most": most,
            "micros": most * len(steps),
            "lease": timedelta(seconds=settings().turn_lease_seconds),
            "max_texts": settings().daily_texts,
            "max_micros": settings().daily_budget_dollars * MICROS,
        },
    ).one()
    if not said.is_mine:
        raise quota_exceeded(session, user_id=user_id, wanted={"texts": 1})
    if said.turn_id is None:
        raise budget_exceeded(session, user_id=user_id)
    events = {step: UUID(event_id) for step, event_id in said.events.items()}
    return Taken(conversation_id, said.turn_id, events)


def end(session: Session, turns: Sequence[tuple[UUID, UUID]], *, texts: int) -> int:
    """End turns, by their talk's id and their own, and put what they came to in place of what was
    set aside. Return how many there were to end: one that another has taken over is not there."""
    if not turns:
        return 0
    conversation_ids, turn_ids = zip(*turns, strict=True)
    which = {"conversation_ids": list(conversation_ids), "turn_ids": list(turn_ids)}
    return int(session.execute(_END, which | {"used": texts}).scalar_one())


def end_dead(session: Session, *, limit: int) -> int:
    """End what died: nobody waits for it, and it is no text of anybody's day."""
    dead = [(row.conversation_id, row.id) for row in session.execute(_DEAD, {"most": limit})]
    return end(session, dead, texts=0)
