"""A new image, or a new motto, for a persona that is there. Everything else of it stays."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chalicelib.auth.services import lock_user
from chalicelib.core.models import Job, Persona
from chalicelib.core.ports import Queue
from chalicelib.jobs import leases
from chalicelib.jobs.leases import Claim
from chalicelib.jobs.services import JobKind, create_job, is_busy
from chalicelib.personas.brief import sentence, write_brief
from chalicelib.personas.exceptions import GenerationInProgress, PersonaNotReady
from chalicelib.personas.schemas import ImageCreate, MottoCreate, NamedWish
from chalicelib.personas.services import (
    GENERATE_PERSONA,
    IMAGE_UNAVAILABLE,
    MOTTO_UNAVAILABLE,
    UNKEPT,
    Image,
    add_image,
    get_own,
    lock_own,
)
from chalicelib.personas.traits import estimates
from chalicelib.spending.quotas import Needs

DRAW_IMAGE = "draw_image"
DRAWING = JobKind(DRAW_IMAGE, Needs(images=1))
WRITE_MOTTO = "write_motto"
MOTTO = JobKind(WRITE_MOTTO, Needs(texts=1))


def request_image(
    session: Session, queue: Queue, *, owner_id: UUID, persona_id: UUID, data: ImageCreate
) -> Job:
    persona = _idle(session, owner_id=owner_id, persona_id=persona_id, kind=DRAW_IMAGE)
    wish = _wish(persona, description=data.prompt or _about(persona), image_model=data.image_model)
    job = create_job(
        session, queue, owner_id=owner_id, kind=DRAWING, subject_id=persona_id, data=wish
    )
    job.webhook_url = data.webhook_url
    return job


def request_motto(
    session: Session, queue: Queue, *, owner_id: UUID, persona_id: UUID, data: MottoCreate
) -> Job:
    persona = _idle(session, owner_id=owner_id, persona_id=persona_id, kind=WRITE_MOTTO)
    tone = data.tone or persona.motto_tone
    wish = _wish(persona, description=_about(persona), motto_tone=tone)
    job = create_job(
        session, queue, owner_id=owner_id, kind=MOTTO, subject_id=persona_id, data=wish
    )
    job.webhook_url = data.webhook_url
    return job


def require_present(session: Session, claimed: Claim) -> None:
    """Raise `PersonaNotFound` before anything is paid for a persona that was deleted."""
    get_own(session, owner_id=claimed.owner_id, persona_id=claimed.subject_id)


def publish_image(session: Session, claimed: Claim, *, image: Image) -> None:
    """Make the image the current one and end the job, in one transaction; likewise below.

    Raises `LeaseLost` when the job is no longer ours, `PersonaNotFound` when the persona is gone.
    """
    persona = _finished(session, claimed)
    persona.current_image_id = add_image(session, persona.id, image, motto=persona.motto)
    _renew(persona, mended=IMAGE_UNAVAILABLE)


def publish_motto(session: Session, claimed: Claim, *, motto: str) -> None:
    persona = _finished(session, claimed)
    persona.motto = motto
    persona.motto_tone = NamedWish.model_validate(claimed.input).motto_tone
    _renew(persona, mended=MOTTO_UNAVAILABLE)


def _finished(session: Session, claimed: Claim) -> Persona:
    leases.finish(session, claimed)
    return lock_own(session, owner_id=claimed.owner_id, persona_id=claimed.subject_id)


def _renew(persona: Persona, *, mended: str) -> None:
    persona.warnings = [code for code in persona.warnings if code != mended]
    persona.version += 1


def _idle(session: Session, *, owner_id: UUID, persona_id: UUID, kind: str) -> Persona:
    """Return a published persona of the owner's, about which nothing of the kind is under way."""
    lock_user(session, user_id=owner_id)
    persona = get_own(session, owner_id=owner_id, persona_id=persona_id)
    if persona.published_at is None:
        raise PersonaNotReady
    rivals = (GENERATE_PERSONA, kind)
    if is_busy(session, owner_id=owner_id, subject_id=persona_id, kinds=rivals):
        raise GenerationInProgress
    return persona


def _about(persona: Persona) -> str:
    """Return the description, or the brief in its place, as the generation did."""
    if persona.description is None and persona.traits is not None:
        return sentence(write_brief(estimates(persona.traits)))
    return persona.description or persona.summary or persona.name


def _wish(persona: Persona, **fields: Any) -> dict[str, Any]:
    """Ask in the words of a generation, so that the same steps of the worker serve."""
    wish = NamedWish(name=persona.name, **fields)
    return wish.model_dump(mode="json", exclude={"visibility", *UNKEPT})
