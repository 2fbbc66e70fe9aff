from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.core.models import ImageModel, Job, JobStatus, MottoTone, Source, Visibility
from chalicelib.core.text import AtMost, Line, Prose
from chalicelib.jobs.schemas import JobError, JobRead, WebhookUrl

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
    as it is for a known one. `webhook_url` hears how it ended."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Line, AtMost(80)]
    description: Annotated[Prose, AtMost(4000)]
    motto_tone: MottoTone = MottoTone.NEUTRAL
    image_model: ImageModel = ImageModel.DALL_E
    force: bool = False
    visibility: Visibility | None = None
    webhook_url: WebhookUrl | None = None


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


class PersonaPage(BaseModel):
    items: list[PersonaRead]
    next_cursor: UUID | None
