"""The portraits that a persona has had."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import PersonaImage
from chalicelib.core.ports import Objects
from chalicelib.personas.deletion import doom
from chalicelib.personas.exceptions import ImageInUse, UnknownImage
from chalicelib.personas.schemas import ImagePage, ImagesQuery, PastImageRead
from chalicelib.personas.services import get_own, lock_own


def list_images(
    session: Session, objects: Objects, *, owner_id: UUID, persona_id: UUID, query: ImagesQuery
) -> ImagePage:
    """Return the owner's persona's portraits, newest first."""
    persona = get_own(session, owner_id=owner_id, persona_id=persona_id)
    wanted = sa.select(PersonaImage).where(PersonaImage.persona_id == persona_id)
    if query.cursor is not None:
        wanted = wanted.where(PersonaImage.id < query.cursor)
    rows = session.scalars(wanted.order_by(PersonaImage.id.desc()).limit(query.limit + 1)).all()
    items = [
        _shown(row, objects, is_current=row.id == persona.current_image_id)
        for row in rows[: query.limit]
    ]
    return ImagePage(items=items, next_cursor=items[-1].id if len(rows) > query.limit else None)


def delete_image(session: Session, *, owner_id: UUID, persona_id: UUID, image_id: UUID) -> None:
    """Delete a portrait that is not the current one; the object in the store follows."""
    persona = lock_own(session, owner_id=owner_id, persona_id=persona_id)
    if persona.current_image_id == image_id:
        raise ImageInUse
    key = session.scalar(
        sa.delete(PersonaImage)
        .where(PersonaImage.id == image_id, PersonaImage.persona_id == persona_id)
        .returning(PersonaImage.key)
    )
    if key is None:
        raise UnknownImage
    doom(session, keys=[key])


def _shown(row: PersonaImage, objects: Objects, *, is_current: bool) -> PastImageRead:
    signed = objects.sign(row.key)
    columns: tuple[str, ...] = (
        *("id", "width", "height", "mime", "model", "requested_model"),
        *("prompt", "motto", "created_at"),
    )
    shown: dict[str, Any] = {name: getattr(row, name) for name in columns}
    return PastImageRead(
        **shown, url=signed.url, expires_at=signed.expires_at, is_current=is_current
    )
