"""What anybody may see of a persona.

Whether it is shown is asked of the primary, each time that the cache does not know; what it looks
like comes from the replica, if that has come as far.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.orm import Session

from chalicelib.core.cards import card_key, profile_key, refresh, withdraw
from chalicelib.core.models import ImageModel, Persona, PersonaImage, User, Visibility
from chalicelib.core.ports import Cache, Objects
from chalicelib.personas.exceptions import PersonaNotFound
from chalicelib.personas.schemas import CardFacts, ImageRead, TraitsRead

IMAGE_ETAG_SECONDS = 30

_WIDTH = {Visibility.PRIVATE: 0, Visibility.UNLISTED: 1, Visibility.PUBLIC: 2}


class StoredImage(BaseModel):
    """An image as it lies in the store: no signature is kept."""

    id: UUID
    key: str
    width: int
    height: int
    mime: str
    model: ImageModel | None
    requested_model: ImageModel | None


class StoredCard(CardFacts):
    version: int
    stored_image: StoredImage | None


_personas, _images, _users = (model.__table__ for model in (Persona, PersonaImage, User))
_FACTS = ("id", "version", "name", "source", "title", "motto", "summary", "tags")
_JUDGED = ("traits", "archetype", "fidelity")
_CARDS: sa.Select[Any] = sa.select(
    *(_personas.c[name] for name in (*_FACTS, *_JUDGED)),
    _images.c.id.label("image_id"),
    *(_images.c[name] for name in ("key", "width", "height", "mime", "model", "requested_model")),
).select_from(sa.outerjoin(_personas, _images, _images.c.id == _personas.c.current_image_id))
AT_VERSION = _CARDS.where(
    _personas.c.id == sa.bindparam("persona_id"), _personas.c.version == sa.bindparam("version")
)
IS_SHOWN = sa.and_(
    _personas.c.visibility != Visibility.PRIVATE,
    _personas.c.published_at.is_not(None),
    _personas.c.deleted_at.is_(None),
)
_IS_PUBLIC = sa.and_(IS_SHOWN, _personas.c.visibility == Visibility.PUBLIC)
_HAS_LINK = sa.and_(_personas.c.id == sa.bindparam("asked_id"), IS_SHOWN)
_IS_PROFILE = sa.and_(
    _personas.c.id
    == sa.select(_users.c.primary_persona_id)
    .where(_users.c.id == sa.bindparam("asked_id"))
    .scalar_subquery(),
    _IS_PUBLIC,
)


@dataclass(frozen=True)
class Door:
    """A way to a card: what it looks for, and what it says when there is nothing to see."""

    found: sa.Select[Any]
    card: sa.Select[Any]

    @classmethod
    def to(cls, condition: sa.ColumnElement[bool]) -> "Door":
        columns = sa.select(_personas.c.id, _personas.c.version)
        return cls(columns.where(condition), _CARDS.where(condition))


BY_LINK = Door.to(_HAS_LINK)
BY_OWNER = Door.to(_IS_PROFILE)


def read_card(session: Session, replica: Session, door: Door, asked_id: UUID) -> StoredCard:
    """Return the card as it is now. A replica that is behind, or ahead, is passed over."""
    asked = {"asked_id": asked_id}
    if (found := session.execute(door.found, asked).one_or_none()) is None:
        raise PersonaNotFound
    this = {"persona_id": found.id, "version": found.version}
    row = replica.execute(AT_VERSION, this).one_or_none()
    row = row or session.execute(door.card, asked).one_or_none()
    if row is None:
        raise PersonaNotFound
    return _stored(row)


def show_change(session: Session, cache: Cache, persona: Persona, *, to: Visibility) -> None:
    """See to it that others see what becomes of the persona, and nothing that they may not see any
    more."""
    keys = card_key(persona.id), profile_key(persona.owner_id)
    if _WIDTH[to] < _WIDTH[persona.visibility]:
        withdraw(session, cache, *keys)
    elif to is not Visibility.PRIVATE:
        refresh(session, cache, *keys)


def facts_of(card: StoredCard) -> Mapping[str, Any]:
    return {name: getattr(card, name) for name in CardFacts.model_fields}


def image_of(card: StoredCard, objects: Objects) -> ImageRead | None:
    return _signed(card.stored_image, objects) if card.stored_image else None


def image_in(row: sa.Row[Any], objects: Objects) -> ImageRead | None:
    """Read the columns of an image, `id` as `image_id`, out of a row that may have none."""
    return _signed(_image(row), objects) if row.key else None


def _signed(image: StoredImage, objects: Objects) -> ImageRead:
    signed = objects.sign(image.key)
    return ImageRead(
        **image.model_dump(exclude={"key"}), url=signed.url, expires_at=signed.expires_at
    )


def signing_turn(image: ImageRead | None) -> int:
    """Count the times that a link is signed anew, well before the last one expires."""
    return int(image.expires_at.timestamp()) // IMAGE_ETAG_SECONDS if image else 0


def _stored(row: sa.Row[Any]) -> StoredCard:
    facts = {name: getattr(row, name) for name in (*_FACTS, "archetype", "fidelity")}
    return StoredCard(
        **facts,
        ai_generated=True,
        traits=TraitsRead.without_quotes(row.traits) if row.traits else None,
        stored_image=_image(row) if row.key else None,
    )


def _image(row: sa.Row[Any]) -> StoredImage:
    columns = set(StoredImage.model_fields) - {"id"}
    return StoredImage(id=row.image_id, **{name: getattr(row, name) for name in columns})
