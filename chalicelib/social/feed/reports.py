"""What somebody reports, for a person to decide. The reason is for the queue and for no log."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from chalicelib.core.models import ModerationItem, ModerationStatus, Persona
from chalicelib.personas.exceptions import PersonaNotFound
from chalicelib.personas.showing import IS_SHOWN
from chalicelib.social.feed.exceptions import OwnPersona
from chalicelib.social.feed.schemas import ReportCreate, ReportRead

_items, _personas = ModerationItem.__table__, Persona.__table__


def report(session: Session, *, reporter_id: UUID, data: ReportCreate) -> ReportRead:
    """Open an item, unless one of the reporter's about this target is open."""
    owner_id = session.scalar(
        sa.select(_personas.c.owner_id).where(_personas.c.id == data.target_id, IS_SHOWN)
    )
    if owner_id is None:
        raise PersonaNotFound
    if owner_id == reporter_id:
        raise OwnPersona
    target = {"target_type": data.target_type, "target_id": data.target_id}
    opened = (
        insert(ModerationItem)
        .values(reporter_id=reporter_id, reason=data.reason, **target)
        .on_conflict_do_nothing()
    )
    session.execute(opened)
    item_id = session.scalars(
        sa.select(_items.c.id).where(
            _items.c.reporter_id == reporter_id,
            *(_items.c[name] == value for name, value in target.items()),
            _items.c.status == ModerationStatus.OPEN,
        )
    ).one()
    return ReportRead(id=item_id, status=ModerationStatus.OPEN)
