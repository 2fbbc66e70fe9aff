"""What becomes of an intent once its call has been answered. The statement is made once: to write
one in Python takes longer than the database takes to do it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from chalicelib.core.models import UsageEvent, UsageStatus
from chalicelib.core.ports import Service, Units
from chalicelib.spending.pricing import cost_of


@dataclass(frozen=True)
class Receipt:
    """A call that was answered, and what the vendor charges for it: nothing if `units` is empty."""

    event_id: UUID
    service: Service
    units: Units


SETTLE = (
    sa.update(UsageEvent)
    .where(UsageEvent.id == sa.bindparam("event_id"), UsageEvent.status == UsageStatus.INTENT)
    .values(
        status=sa.bindparam("outcome"),
        units=sa.bindparam("charged_units", type_=JSONB),
        cost_micros=sa.bindparam("charged_micros"),
        settled_at=sa.func.now(),
    )
)


def settled(receipt: Receipt) -> dict[str, Any]:
    """Return the parameters of `SETTLE`."""
    is_void = not receipt.units
    return {
        "event_id": receipt.event_id,
        "outcome": UsageStatus.VOID if is_void else UsageStatus.SETTLED,
        "charged_units": dict(receipt.units),
        "charged_micros": 0 if is_void else cost_of(receipt.service, receipt.units),
    }
