from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chalicelib.core.models import ImageModel, Job, JobStatus, MottoTone, Source, Visibility
from chalicelib.core.text import AtMost, Line, Prose
from chalicelib.jobs.schemas import JobError, JobRead

MOTTO_LENGTH = 140
GREETING_LENGTH = 280

GenerationStatus = Literal["none", "pending", "generating", "ready", "failed"]

STATUS_OF_JOB: dict[JobStatus, GenerationStatus] = {
    JobStatus.QUEUED: "pending",
    JobStatus.RUNNING: "generating",
    JobStatus.SUCCEEDED: "ready",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "failed",
}


class PersonaGenerate(BaseModel):
    """`image_model` is tried first, the other one is the fallback. `force` makes a known persona
    anew: another image, another motto. `visibility` left out means private for a new persona, and
    as it is for a known one."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Line, AtMost(80)]
    description: Annotated[Prose, AtMost(4000)]
    motto_tone: MottoTone = MottoTone.NEUTRAL
    image_model: ImageModel = ImageModel.DALL_E
    force: bool = False
    visibility: Visibility | None = None


class PersonaUpdate(BaseModel):
    """What is left out, or null, stays as it is. A name frees the old one; the texts take the
    place of those that were generated, until the next generation makes all of them anew."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Line, AtMost(80)] | None = None
    visibility: Visibility | None = None
    motto: Annotated[Line, AtMost(MOTTO_LENGTH)] | None = None
    greeting: Annotated[Prose, AtMost(GREETING_LENGTH)] | None = None
    current_image_id: UUID | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "PersonaUpdate":
        if not self.model_dump(exclude_none=True):
            message = f"must change one of {', '.join(PersonaUpdate.model_fields)}"
            raise ValueError(message)
        return self


class ImageCreate(BaseModel):
    """`image_model` is tried first, the other one is the fallback. `prompt` says what to draw,
    in place of what the persona was made from."""

    model_config = ConfigDict(extra="forbid")

    image_model: ImageModel = ImageModel.DALL_E
    prompt: Annotated[Prose, AtMost(4000)] | None = None


class MottoCreate(BaseModel):
    """`tone` left out means the tone of the motto that is there."""

    model_config = ConfigDict(extra="forbid")

    tone: MottoTone | None = None


class ImagesQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: UUID | None = None


class PersonasQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[Line, AtMost(80)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: UUID | None = None


class ImageRead(BaseModel):
    """`url` serves the picture until `expires_at`. `model` is what drew it: it differs from
    `requested_model` when that one failed and the other stepped in."""

    id: UUID
    url: str
    expires_at: datetime
    width: int
    height: int
    mime: str
    model: ImageModel | None
    requested_model: ImageModel | None


class TraitRead(BaseModel):
    """An estimate on 0..1 and its standard error; `quote` is the evidence in the description."""

    estimate: float
    se: float
    quote: str | None


class TraitsRead(BaseModel):
    source: Literal["inferred"]
    basis: str
    openness: TraitRead
    conscientiousness: TraitRead
    extraversion: TraitRead
    agreeableness: TraitRead
    emotional_stability: TraitRead


class CardRead(BaseModel):
    """What anybody may see of a persona that is public or unlisted."""

    id: UUID
    name: str
    ai_generated: Literal[True]
    source: Source
    motto: str | None
    summary: str | None
    traits: TraitsRead | None
    image: ImageRead | None


class PersonaRead(CardRead):
    """What the owner sees. The content is null until a first generation has succeeded."""

    generation_status: GenerationStatus
    description: str | None
    visibility: Visibility
    motto_tone: MottoTone
    greeting: str | None
    examples: list[str]
    style: dict[str, str] | None
    system_prompt: str | None
    warnings: list[str]
    version: int
    created_at: datetime
    published_at: datetime | None


class GenerationRead(BaseModel):
    job_id: UUID
    step: str
    progress: int
    attempt: int
    error: JobError | None


class MyPersonaRead(BaseModel):
    """The primary persona, in one shape whatever its state. `persona` is the last published one:
    it stays while a new generation runs."""

    generation_status: GenerationStatus
    generation: GenerationRead | None
    persona: PersonaRead | None


class GenerationAccepted(BaseModel):
    persona_id: UUID
    generation_status: GenerationStatus
    job: JobRead | None

    @classmethod
    def of(cls, persona_id: UUID, job: Job | None) -> "GenerationAccepted":
        return cls(
            persona_id=persona_id,
            generation_status=STATUS_OF_JOB[job.status] if job else "ready",
            job=JobRead.of(job) if job else None,
        )


class PersonaListed(PersonaRead):
    """`is_primary` marks the one that `GET /personas/me` shows."""

    is_primary: bool


class PersonaPage(BaseModel):
    items: list[PersonaListed]
    next_cursor: UUID | None


class JobAccepted(BaseModel):
    """Work on a persona that is there; it stays as it is, and readable, until the job has
    succeeded."""

    persona_id: UUID
    job: JobRead

    @classmethod
    def of(cls, job: Job) -> "JobAccepted":
        return cls(persona_id=job.subject_id, job=JobRead.of(job))


class PastImageRead(ImageRead):
    """A portrait of the persona's history: what it was drawn from, and the motto of its day."""

    prompt: str | None
    motto: str | None
    created_at: datetime
    is_current: bool


class ImagePage(BaseModel):
    items: list[PastImageRead]
    next_cursor: UUID | None
