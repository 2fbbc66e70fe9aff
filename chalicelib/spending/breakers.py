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
