"""The end of a persona. Its row stays as a tombstone: an id, and the name that it spoke under."""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from chalicelib.auth.services import lock_user
from chalicelib.core.models import (
    DoomedObject,
    ImageModel,
    Persona,
    PersonaImage,
    User,
    Visibility,
)
from chalicelib.core.ports import Cache
from chalicelib.core.preconditions import IfMatch
from chalicelib.jobs import timing
from chalicelib.jobs.services import forget_jobs
from chalicelib.personas.services import lock_own, portrait_key
from chalicelib.personas.showing import show_change

OUTLIVED: timedelta = 2 * timing.WORKER_TIMEOUT
"""After this no worker lives any more that had begun before, and could still store an object."""


def delete_persona(
    session: Session, cache: Cache, *, owner_id: UUID, persona_id: UUID, if_match: IfMatch | None
) -> None:
    """Wipe the persona, end its jobs and doom its images, those included that a worker is about
    to store.

    The jobs come before the persona, as they do in a publication: no two wait for each other.
    """
    owner = lock_user(session, user_id=owner_id)
    job_ids = forget_jobs(session, owner_id=owner_id, subject_id=persona_id)
    persona = lock_own(session, owner_id=owner_id, persona_id=persona_id)
    if if_match is not None:
        if_match.require(persona.id, persona.version)
    show_change(session, cache, persona, to=Visibility.PRIVATE)
    _wipe(session, persona_id)
    stored = session.scalars(
        sa.delete(PersonaImage)
        .where(PersonaImage.persona_id == persona_id)
        .returning(PersonaImage.key)
    ).all()
    ordered = [
        portrait_key(persona_id, job_id, model) for job_id in job_ids for model in ImageModel
    ]
    doom(session, keys={*stored, *ordered})
    if owner.primary_persona_id == persona_id:
        owner.primary_persona_id = _newest(session, owner)


def doom(session: Session, *, keys: Collection[str]) -> None:
    """Note objects that nothing refers to from this transaction on."""
    rows = [{"key": key} for key in sorted(keys)]
    if rows:
        session.execute(insert(DoomedObject).values(rows).on_conflict_do_nothing())


def list_doomed(session: Session, *, limit: int) -> Sequence[str]:
    """Return the keys whose objects can be deleted for good. What an image refers to is not among
    them, whatever has been noted."""
    is_referred_to = sa.exists().where(PersonaImage.key == DoomedObject.key)
    return session.scalars(
        sa.select(DoomedObject.key)
        .where(DoomedObject.created_at < sa.func.now() - OUTLIVED, ~is_referred_to)
        .order_by(DoomedObject.created_at)
        .limit(limit)
    ).all()


def forget_doomed(session: Session, *, keys: Iterable[str]) -> None:
    session.execute(sa.delete(DoomedObject).where(DoomedObject.key.in_(keys)))


def _wipe(session: Session, persona_id: UUID) -> None:
    """Empty every column that can be empty: one that is added later is not forgotten."""
    columns = Persona.__table__.columns
    emptied = {column.name: None for column in columns if column.nullable}
    wiped: dict[str, Any] = {
        **emptied,
        "examples": [],
        "warnings": [],
        "tags": [],
        "visibility": Visibility.PRIVATE,
        "version": Persona.version + 1,
        "deleted_at": sa.func.now(),
    }
    session.execute(sa.update(Persona).where(Persona.id == persona_id).values(wiped))


def _newest(session: Session, owner: User) -> UUID | None:
    return session.scalar(
        sa.select(Persona.id)
        .where(Persona.owner_id == owner.id, Persona.deleted_at.is_(None))
        .order_by(Persona.id.desc())
        .limit(1)
    )
