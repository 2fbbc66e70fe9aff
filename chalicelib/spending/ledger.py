"""What becomes of an intent once its call has been answered."""

from dataclasses import dataclass
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


def settled(receipt: Receipt) -> sa.Update:
    is_void = not receipt.units
    return (
        sa.update(UsageEvent)
        .where(UsageEvent.id == receipt.event_id, UsageEvent.status == UsageStatus.INTENT)
        .values(
            status=UsageStatus.VOID if is_void else UsageStatus.SETTLED,
            units=sa.bindparam("units", dict(receipt.units), type_=JSONB),
            cost_micros=0 if is_void else cost_of(receipt.service, receipt.units),
            settled_at=sa.func.now(),
        )
    )
