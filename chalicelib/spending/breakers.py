"""Leave a vendor's model alone that keeps failing (circuit breaker).

Admission is part of the statement that records a call's intent (`jobs/purchases.py`), so that a
healthy vendor costs no statement more.
"""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import Breaker
from chalicelib.core.ports import Service

FAILURES = 5
"""How many calls in a row must fail."""

# A probe that fails, or the last failure of a row, opens it for `rest`; a vendor that asks for
# time gets what it asks for.
_FAIL = sa.text("""
INSERT INTO breakers AS breaker (provider, model, failures, open_until)
VALUES (:provider, :model, 1, now() + :asked)
ON CONFLICT (provider, model) DO UPDATE
SET failures = breaker.failures + 1,
    is_probed = false,
    open_until = CASE
        WHEN breaker.is_probed THEN now() + greatest(:rest, :asked)
        WHEN breaker.failures + 1 >= :limit
            THEN greatest(breaker.open_until, now() + greatest(:rest, :asked))
        ELSE greatest(breaker.open_until, now() + :asked)
    END
""").bindparams(
    sa.bindparam("rest", type_=sa.Interval),
    sa.bindparam("asked", type_=sa.Interval),
)


def note_failure(
    session: Session, service: Service, *, rest: timedelta, retry_after: int | None
) -> None:
    asked = None if retry_after is None else timedelta(seconds=retry_after)
    session.execute(
        _FAIL,
        {
            "provider": service.provider,
            "model": service.model,
            "rest": rest,
            "asked": asked,
            "limit": FAILURES,
        },
    )


_ADMIT = sa.text("""
WITH breaker AS (
    SELECT open_until - now() AS rest, is_probed FROM breakers
    WHERE provider = :provider AND model = :model AND open_until IS NOT NULL
), probe AS (
    UPDATE breakers SET is_probed = true, open_until = now() + :probe_time
    WHERE provider = :provider AND model = :model AND open_until <= now()
    RETURNING model
)
SELECT (SELECT rest FROM breaker WHERE NOT is_probed) AS rest
WHERE EXISTS (SELECT FROM breaker) AND NOT EXISTS (SELECT FROM probe)
""").bindparams(sa.bindparam("probe_time", type_=sa.Interval))


def rest_of(
    session: Session, service: Service, *, probe_time: timedelta, news: timedelta
) -> timedelta | None:
    """Return how long the vendor is still left alone, or None: the call may be made. When a rest is
    over it is the one that tries the vendor, and whoever asks meanwhile waits for `news` of it."""
    who = {"provider": service.provider, "model": service.model, "probe_time": probe_time}
    if (row := session.execute(_ADMIT, who).one_or_none()) is None:
        return None
    return row.rest if row.rest is not None and row.rest > timedelta() else news


# Say that the vendor works. It writes only what is not so yet.
CLOSE = (
    sa.update(Breaker)
    .where(
        Breaker.provider == sa.bindparam("of_provider"),
        Breaker.model == sa.bindparam("of_model"),
        sa.or_(Breaker.failures > 0, Breaker.open_until.is_not(None)),
    )
    .values(failures=0, open_until=None, is_probed=False)
)


def closed(service: Service) -> dict[str, str]:
    """Return the parameters of `CLOSE`."""
    return {"of_provider": service.provider, "of_model": service.model}
