"""Personas as people see them: one statement each, from the columns to the answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import Job, Persona, PersonaImage, User
from chalicelib.core.models.job import POLL_SECONDS
from chalicelib.core.ports import Objects, SignedUrl
from chalicelib.core.preconditions import etag
from chalicelib.jobs.schemas import JobError
from chalicelib.personas.exceptions import ImageNotFound, PersonaNotFound
from chalicelib.personas.schemas import (
    STATUS_OF_JOB,
    CardRead,
    GenerationRead,
    ImageRead,
    MyPersonaRead,
    PersonaListed,
    PersonaPage,
    PersonaRead,
    PersonasQuery,
    TraitsRead,
)
from chalicelib.personas.services import name_key
from chalicelib.personas.showing import (
    BY_LINK,
    IS_SHOWN,
    facts_of,
    image_of,
    read_card,
    signing_turn,
)

Shown = TypeVar("Shown")

# Tables, not classes: no object is loaded, and the ORM's share is a seventh of a poll.
_personas, _images, _jobs, _users = (
    model.__table__ for model in (Persona, PersonaImage, Job, User)
)
_COLUMNS: tuple[sa.ColumnElement[Any], ...] = (
    _personas.c.id,
    _personas.c.name,
    _personas.c.source,
    _personas.c.description,
    _personas.c.analysis_id,
    _personas.c.title,
    _personas.c.archetype,
    _personas.c.tags,
    _personas.c.evidence,
    _personas.c.fidelity,
    _personas.c.visibility,
    _personas.c.motto,
    _personas.c.motto_tone,
    _personas.c.summary,
    _personas.c.greeting,
    _personas.c.examples,
    _personas.c.style,
    _personas.c.traits,
    _personas.c.system_prompt,
    _personas.c.warnings,
    _personas.c.version,
    _personas.c.created_at,
    _personas.c.published_at,
    _personas.c.deleted_at,
    _images.c.id.label("image_id"),
    _images.c.key.label("image_key"),
    _images.c.width,
    _images.c.height,
    _images.c.mime,
    _images.c.model.label("image_model"),
    _images.c.requested_model,
    _jobs.c.id.label("job_id"),
    _jobs.c.status.label("job_status"),
    _jobs.c.step,
    _jobs.c.progress,
    _jobs.c.attempt,
    _jobs.c.error,
    _jobs.c.updated_at.label("job_updated_at"),
)
_WITH_IMAGE_AND_JOB = sa.outerjoin(
    _personas, _images, _images.c.id == _personas.c.current_image_id
).outerjoin(_jobs, _jobs.c.id == _personas.c.job_id)
# Built once: making and compiling a statement costs more than running it.
_EVER: sa.Select[Any] = sa.select(*_COLUMNS).select_from(_WITH_IMAGE_AND_JOB)
_PERSONAS = _EVER.where(_personas.c.deleted_at.is_(None))
_PRIMARY = _PERSONAS.join(_users, _users.c.primary_persona_id == _personas.c.id).where(
    _users.c.id == sa.bindparam("user_id")
)
_LISTED = _PERSONAS.add_columns(
    _users.c.primary_persona_id.is_not_distinct_from(_personas.c.id).label("is_primary")
).join(_users, _users.c.id == _personas.c.owner_id)
_OWN = _EVER.where(
    _personas.c.id == sa.bindparam("persona_id"), _personas.c.owner_id == sa.bindparam("owner_id")
)


@dataclass(frozen=True)
class Seen(Generic[Shown]):
    """A persona as it is shown; to its owner with the validator that a change of it names."""

    body: Shown
    etag: str | None = None


@dataclass(frozen=True)
class Polled:
    """An answer to a poll, its validator, and when to ask again."""

    body: MyPersonaRead
    etag: str
    retry_after: int | None


def get_my_persona(session: Session, objects: Objects, *, user_id: UUID) -> Polled:
    row = session.execute(_PRIMARY, {"user_id": user_id}).one_or_none()
    if row is None:
        nothing = MyPersonaRead(generation_status="none", generation=None, persona=None)
        return Polled(nothing, '"none"', None)
    persona = _persona(row, objects)
    body = MyPersonaRead(
        generation_status=persona.generation_status,
        generation=_generation(row),
        persona=persona if row.published_at else None,
    )
    is_final = row.job_status is None or row.job_status.is_final
    return Polled(body, _etag(row, persona.image), None if is_final else POLL_SECONDS)


def list_personas(
    session: Session, objects: Objects, *, owner_id: UUID, query: PersonasQuery
) -> PersonaPage:
    wanted = _LISTED.where(_personas.c.owner_id == owner_id)
    if query.name is not None:
        wanted = wanted.where(_personas.c.name_key == name_key(query.name))
    if query.cursor is not None:
        wanted = wanted.where(_personas.c.id < query.cursor)
    rows = session.execute(wanted.order_by(_personas.c.id.desc()).limit(query.limit + 1)).all()
    return _page(rows, objects, limit=query.limit)


def get_persona(
    session: Session,
    replica: Session,
    objects: Objects,
    *,
    viewer_id: UUID | None,
    persona_id: UUID,
) -> Seen[PersonaRead] | Seen[CardRead]:
    """Return the viewer's own persona in full, or the card of one that is shown to others.

    The own one comes from the primary: it may have been written, or deleted, a moment ago.
    """
    mine = {"persona_id": persona_id, "owner_id": viewer_id}
    if viewer_id and (row := session.execute(_OWN, mine).one_or_none()) is not None:
        return show(row, objects)
    card = read_card(session, replica, BY_LINK, persona_id)
    return Seen(CardRead(**facts_of(card), image=image_of(card, objects)))


def read_own(session: Session, *, owner_id: UUID, persona_id: UUID) -> sa.Row[Any]:
    """Return what `show` shows, of a persona that is known to be the owner's."""
    return session.execute(_OWN, {"persona_id": persona_id, "owner_id": owner_id}).one()


def show(row: sa.Row[Any], objects: Objects) -> Seen[PersonaRead]:
    """Show a persona to its owner, in full. The links are signed here."""
    if row.deleted_at is not None:
        raise PersonaNotFound
    persona = _persona(row, objects)
    return Seen(persona, _etag(row, persona.image))


def get_image_url(
    session: Session, objects: Objects, *, viewer_id: UUID | None, persona_id: UUID
) -> SignedUrl:
    """Return where the current image lies: the viewer's own, or one that is shown to others."""
    is_mine = sa.and_(_personas.c.owner_id == viewer_id, _personas.c.deleted_at.is_(None))
    wanted = (
        sa.select(_images.c.key)
        .select_from(_WITH_IMAGE_AND_JOB)
        .where(_personas.c.id == persona_id, sa.or_(IS_SHOWN, is_mine))
    )
    row = session.execute(wanted).one_or_none()
    if row is None:
        raise PersonaNotFound
    if row.key is None:
        raise ImageNotFound
    return objects.sign(row.key)


def _page(rows: Sequence[sa.Row[Any]], objects: Objects, *, limit: int) -> PersonaPage:
    items = [
        PersonaListed(**_full(row, objects), is_primary=row.is_primary) for row in rows[:limit]
    ]
    return PersonaPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


def _card(row: sa.Row[Any], objects: Objects) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "ai_generated": True,
        "source": row.source,
        "title": row.title,
        "motto": row.motto,
        "summary": row.summary,
        "traits": TraitsRead.of(row.traits) if row.traits else None,
        "archetype": row.archetype,
        "tags": row.tags,
        "fidelity": row.fidelity,
        "image": _image(row, objects),
    }


def _persona(row: sa.Row[Any], objects: Objects) -> PersonaRead:
    return PersonaRead(**_full(row, objects))


def _full(row: sa.Row[Any], objects: Objects) -> dict[str, Any]:
    return {
        **_card(row, objects),
        "generation_status": STATUS_OF_JOB[row.job_status] if row.job_status else "ready",
        "description": row.description,
        "analysis_id": row.analysis_id,
        "evidence": (row.evidence or {}).get("sentences", []),
        "visibility": row.visibility,
        "motto_tone": row.motto_tone,
        "greeting": row.greeting,
        "examples": row.examples,
        "style": row.style,
        "system_prompt": row.system_prompt,
        "warnings": row.warnings,
        "version": row.version,
        "created_at": row.created_at,
        "published_at": row.published_at,
    }


def _generation(row: sa.Row[Any]) -> GenerationRead | None:
    if row.job_id is None:
        return None
    return GenerationRead(
        job_id=row.job_id,
        step=row.step,
        progress=row.progress,
        attempt=row.attempt,
        error=JobError.model_validate(row.error) if row.error else None,
    )


def _image(row: sa.Row[Any], objects: Objects) -> ImageRead | None:
    if row.image_key is None:
        return None
    signed = objects.sign(row.image_key)
    return ImageRead(
        id=row.image_id,
        url=signed.url,
        expires_at=signed.expires_at,
        width=row.width,
        height=row.height,
        mime=row.mime,
        model=row.image_model,
        requested_model=row.requested_model,
    )


def _etag(row: sa.Row[Any], image: ImageRead | None) -> str:
    """Tell versions apart, and renew the signed URL well before it expires."""
    changed = row.job_updated_at.timestamp() if row.job_updated_at else 0
    return etag(row.id, row.version, f"{changed:.6f}", signing_turn(image))
