"""Ask for a persona, and publish what was generated."""

import unicodedata
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.analyses.instruments import Trait
from chalicelib.analyses.reading import require_ready
from chalicelib.auth.services import lock_user
from chalicelib.core.cards import profile_key, refresh
from chalicelib.core.models import (
    Analysis,
    ImageModel,
    Job,
    MottoTone,
    Persona,
    PersonaImage,
    Source,
    Visibility,
)
from chalicelib.core.ports import Cache, Queue
from chalicelib.jobs import leases
from chalicelib.jobs.leases import Claim
from chalicelib.jobs.services import JobKind, create_job
from chalicelib.personas import generation
from chalicelib.personas.cards import adoption
from chalicelib.personas.exceptions import GenerationInProgress, PersonaNotFound, Superseded
from chalicelib.personas.schemas import NamedWish, PersonaGenerate
from chalicelib.personas.showing import show_change
from chalicelib.personas.traits import estimates
from chalicelib.spending.quotas import Needs

GENERATE_PERSONA = "generate_persona"
GENERATION = JobKind(GENERATE_PERSONA, Needs(texts=5, images=1))
"""A character, perhaps rewritten, that is asked who it is, perhaps twice; a motto; a portrait."""
KEY_LENGTH = 240
UNKEPT = {"force", "webhook_url"}
"""What of a wish is no part of the work."""

MOTTO_UNAVAILABLE = "motto_unavailable"
IMAGE_UNAVAILABLE = "image_unavailable"
"""Warnings: what a persona has to do without for now."""


@dataclass(frozen=True)
class Asked:
    """What became of a wish. A persona that was known, and is left as it is, starts nothing."""

    persona_id: UUID
    job: Job | None
    is_started: bool


def request_generation(
    session: Session, queue: Queue, cache: Cache, *, owner_id: UUID, data: PersonaGenerate
) -> Asked:
    """Start a generation. A name that the owner has used before returns that persona, unless
    nothing came of it, or `force` asks for it to be made anew."""
    owner = lock_user(session, user_id=owner_id)
    wish = _settled(session, owner_id=owner_id, data=data)
    persona = _named(session, owner_id=owner_id, name=wish.name)
    if persona is None:
        persona = _new_persona(session, owner_id=owner_id, wish=wish)
    else:
        newest = _newest_job(session, persona)
        is_running = newest is not None and not newest.status.is_final
        is_there = persona.published_at is not None or is_running
        if is_there and not data.force:
            return Asked(persona.id, newest, is_started=False)
        if is_running:
            raise GenerationInProgress
    job = create_job(
        session,
        queue,
        owner_id=owner_id,
        kind=GENERATION,
        subject_id=persona.id,
        data=wish.model_dump(mode="json", exclude=UNKEPT) | {"name": persona.name},
    )
    _show(session, cache, persona, data.visibility or persona.visibility)
    refresh(session, cache, profile_key(owner_id))
    job.webhook_url = data.webhook_url
    persona.job_id = job.id
    owner.primary_persona_id = persona.id
    return Asked(persona.id, job, is_started=True)


def get_own(session: Session, *, owner_id: UUID, persona_id: UUID) -> Persona:
    """Return one of the owner's personas; another user's, or a deleted one, is not found either."""
    return _found(session, _own(owner_id, persona_id))


def lock_own(session: Session, *, owner_id: UUID, persona_id: UUID) -> Persona:
    """Return it for a change: whoever comes next waits, and sees what was changed. The lock lets
    foreign keys refer to the row meanwhile, as a worker's publication does."""
    return _found(session, _own(owner_id, persona_id).with_for_update(key_share=True))


def name_key(name: str) -> str:
    """Fold a name so that case, width and spaces do not tell two names apart. One character may
    fold to eighteen, so the key is cut where the column ends."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(folded.split())[:KEY_LENGTH].rstrip()


def portrait_key(persona_id: UUID, job_id: UUID, model: ImageModel) -> str:
    """Return where a job stores what the model drew. It can be told before there is anything."""
    return f"images/{persona_id}/{job_id}-{model}.jpg"


@dataclass(frozen=True)
class Image:
    """A portrait that lies in the store under `key`."""

    key: str
    mime: str
    width: int
    height: int
    sha256: str
    prompt: str
    model: ImageModel
    requested_model: ImageModel
    vendor_model: str


@dataclass(frozen=True)
class Outcome:
    """What a generation has brought: ready to be published, all of it or nothing."""

    content: dict[str, Any]
    motto: str | None
    image: Image | None
    warnings: list[str]


def require_newest(session: Session, claimed: Claim) -> None:
    """Raise `Superseded` before anything is paid for that nobody waits for any more."""
    wanted = sa.select(Persona.id).where(
        Persona.id == claimed.subject_id, Persona.job_id == claimed.job_id
    )
    if session.scalar(wanted) is None:
        raise Superseded


def publish(session: Session, claimed: Claim, *, outcome: Outcome) -> None:
    """Swap in the new content and end the job, in one transaction.

    Raises `LeaseLost` when the job is no longer ours, `Superseded` when the persona waits for a
    newer one.
    """
    leases.finish(session, claimed)
    wish = NamedWish.model_validate(claimed.input)
    values: dict[str, Any] = dict(outcome.content)
    if outcome.image is not None:
        image_id = add_image(session, claimed.subject_id, outcome.image, motto=outcome.motto)
        values["current_image_id"] = image_id
    persona = session.scalar(
        sa.update(Persona)
        .where(Persona.id == claimed.subject_id, Persona.job_id == claimed.job_id)
        .values(
            source=_source(wish),
            description=wish.description,
            analysis_id=_kept_analysis_id(session, wish),
            motto=outcome.motto or Persona.motto,
            motto_tone=wish.motto_tone,
            warnings=outcome.warnings,
            version=Persona.version + 1,
            published_at=sa.func.now(),
            **values,
        )
        .returning(Persona)
    )
    if persona is None:
        raise Superseded
    if persona.name != wish.name:
        persona.system_prompt = prompt_of(persona)


def prompt_of(persona: Persona) -> str | None:
    """Assemble the instructions of a published persona under the name that it has now."""
    if persona.source is Source.IMPORT:
        texts = {each: getattr(persona, each) for each in ("name", "summary", "style", "examples")}
        return adoption.prompt_of(texts, (persona.card or {}).get("data", {}))
    if persona.summary is None:
        return None
    aims = (persona.fidelity or {}).get("aims", {})
    return generation.system_prompt(
        name=persona.name,
        levels=estimates(persona.traits or {}),
        character={name: getattr(persona, name) for name in ("style", "examples")},
        aims={Trait(name): level for name, level in aims.items()},
    )


def add_image(session: Session, persona_id: UUID, image: Image, *, motto: str | None) -> UUID:
    """Add a portrait to the persona's history, with the motto of its day."""
    row = PersonaImage(persona_id=persona_id, motto=motto, **asdict(image))
    session.add(row)
    session.flush()
    return row.id


def plain_name(name: str) -> str:
    return " ".join(name.split())


def _own(owner_id: UUID, persona_id: UUID) -> sa.Select[Persona]:
    return sa.select(Persona).where(
        Persona.id == persona_id, Persona.owner_id == owner_id, Persona.deleted_at.is_(None)
    )


def _found(session: Session, query: sa.Select[Persona]) -> Persona:
    if (persona := session.scalars(query).one_or_none()) is None:
        raise PersonaNotFound
    return persona


def _show(session: Session, cache: Cache, persona: Persona, visibility: Visibility) -> None:
    """Set the visibility. A client that has seen the other one has not seen this version."""
    show_change(session, cache, persona, to=visibility)
    if persona.visibility is not visibility:
        persona.visibility = visibility
        persona.version += 1


def _named(session: Session, *, owner_id: UUID, name: str) -> Persona | None:
    return session.scalar(
        sa.select(Persona).where(
            Persona.owner_id == owner_id,
            Persona.name_key == name_key(name),
            Persona.deleted_at.is_(None),
        )
    )


def _settled(session: Session, *, owner_id: UUID, data: PersonaGenerate) -> NamedWish:
    """Name the wish. An analysis has to be the owner's, with enough valid answers."""
    name = data.name
    if data.analysis_id is not None:
        analysis = require_ready(session, owner_id=owner_id, analysis_id=data.analysis_id)
        name = name or analysis.subject_name
    return NamedWish.model_validate(data.model_dump() | {"name": name})


def _source(wish: NamedWish) -> Source:
    return Source.DESCRIPTION if wish.analysis_id is None else Source.ANALYSIS


def _kept_analysis_id(session: Session, wish: NamedWish) -> UUID | None:
    """Return the analysis unless it has been deleted since, and hold it until the commit."""
    wanted = sa.select(Analysis.id).where(Analysis.id == wish.analysis_id)
    return session.scalar(wanted.with_for_update(read=True, key_share=True))


def _new_persona(session: Session, *, owner_id: UUID, wish: NamedWish) -> Persona:
    persona = Persona(
        owner_id=owner_id,
        name=plain_name(wish.name),
        name_key=name_key(wish.name),
        source=_source(wish),
        description=wish.description,
        analysis_id=_kept_analysis_id(session, wish),
        motto_tone=MottoTone(wish.motto_tone),
        visibility=wish.visibility or Visibility.PRIVATE,
    )
    session.add(persona)
    session.flush()
    return persona


def _newest_job(session: Session, persona: Persona) -> Job | None:
    return session.get(Job, persona.job_id) if persona.job_id else None
