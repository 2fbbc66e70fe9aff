import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from chalicelib.analyses.instruments import Trait
from chalicelib.analyses.schemas import ReliabilityRead
from chalicelib.core.models import (
    ImageModel,
    Job,
    JobStatus,
    MottoTone,
    Source,
    TraitSource,
    Visibility,
)
from chalicelib.core.text import AtMost, Line, Prose, Unmarked
from chalicelib.jobs.schemas import JobError, JobRead, WebhookUrl
from chalicelib.personas.traits import UNMEASURED

MOTTO_LENGTH = 140
MAX_TAGS = 5
MIN_TAG_LENGTH, MAX_TAG_LENGTH = 2, 30
GREETING_LENGTH = 280

GenerationStatus = Literal["none", "pending", "generating", "ready", "failed"]

STATUS_OF_JOB: dict[JobStatus, GenerationStatus] = {
    JobStatus.QUEUED: "pending",
    JobStatus.RUNNING: "generating",
    JobStatus.SUCCEEDED: "ready",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "failed",
}


Name = Annotated[Line, AtMost(80)]
_GIVE_ONE = "give either a `description` or an `analysis_id`"


class PersonaGenerate(BaseModel):
    """Who it is about is either told by a `description`, which needs a `name`, or by your friends'
    answers to the analysis `analysis_id`; `name` left out is then its `subject_name`.

    `image_model` is tried first, the other one is the fallback. `force` makes a known persona
    anew: another image, another motto. `visibility` left out means private for a new persona, and
    as it is for a known one. `webhook_url` hears how it ended."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "oneOf": [{"required": ["name", "description"]}, {"required": ["analysis_id"]}]
        },
    )

    description: Annotated[Prose, AtMost(4000)] | None = None
    analysis_id: Annotated[UUID | None, Field(validate_default=True)] = None
    name: Annotated[Name | None, Field(validate_default=True)] = None
    motto_tone: MottoTone = MottoTone.NEUTRAL
    image_model: ImageModel = ImageModel.DALL_E
    force: bool = False
    visibility: Visibility | None = None
    webhook_url: WebhookUrl | None = None

    @field_validator("analysis_id")
    @classmethod
    def _is_one_of_two(cls, analysis_id: UUID | None, others: ValidationInfo) -> UUID | None:
        has_description = others.data.get("description", analysis_id) is not None
        if "description" in others.data and (analysis_id is not None) == has_description:
            raise ValueError(_GIVE_ONE)
        return analysis_id

    @field_validator("name")
    @classmethod
    def _is_named(cls, name: str | None, others: ValidationInfo) -> str | None:
        if name is None and others.data.get("description") is not None:
            message = "a description needs a name"
            raise ValueError(message)
        return name


class NamedWish(PersonaGenerate):
    """A wish as its job keeps it: the name is settled."""

    name: Name


def _tag(value: str) -> str:
    """Fold a tag so that case and width do not tell two apart, and join its words by a dash."""
    folded = unicodedata.normalize("NFKC", value).casefold().removeprefix("#")
    tag = "-".join(folded.replace("-", " ").split())
    if not all(character.isalnum() or character == "-" for character in tag):
        message = "must hold letters, digits and dashes only"
        raise ValueError(message)
    if not MIN_TAG_LENGTH <= len(tag) <= MAX_TAG_LENGTH:
        message = f"must have {MIN_TAG_LENGTH} to {MAX_TAG_LENGTH} characters"
        raise ValueError(message)
    return tag


Tag = Annotated[Line, AtMost(80), AfterValidator(_tag)]


class PersonaUpdate(BaseModel):
    """What is left out, or null, stays as it is. `tags` are what a public persona is found under,
    besides its archetype. A name frees the old one; the texts take the
    place of those that were generated, until the next generation makes all of them anew."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Line, AtMost(80)] | None = None
    visibility: Visibility | None = None
    motto: Annotated[Line, AtMost(MOTTO_LENGTH), Unmarked] | None = None
    greeting: Annotated[Prose, AtMost(GREETING_LENGTH), Unmarked] | None = None
    tags: Annotated[list[Tag], Field(max_length=MAX_TAGS)] | None = None
    current_image_id: UUID | None = None

    @field_validator("tags")
    @classmethod
    def _are_different(cls, tags: list[str] | None) -> list[str] | None:
        return None if tags is None else list(dict.fromkeys(tags))

    @model_validator(mode="after")
    def _changes_something(self) -> "PersonaUpdate":
        if not self.model_dump(exclude_none=True):
            message = f"must change one of {', '.join(PersonaUpdate.model_fields)}"
            raise ValueError(message)
        return self


class ImageCreate(BaseModel):
    """`image_model` is tried first, the other one is the fallback. `prompt` says what to draw,
    in place of what the persona was made from. `webhook_url` hears how it ended."""

    model_config = ConfigDict(extra="forbid")

    image_model: ImageModel = ImageModel.DALL_E
    prompt: Annotated[Prose, AtMost(4000)] | None = None
    webhook_url: WebhookUrl | None = None


class MottoCreate(BaseModel):
    """`tone` left out means the tone of the motto that is there. `webhook_url` hears how it
    ended."""

    model_config = ConfigDict(extra="forbid")

    tone: MottoTone | None = None
    webhook_url: WebhookUrl | None = None


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
    """An estimate on 0..1 and its standard error. `observed` is what friends answered, null where
    nobody was asked or too few could say; `quote` is the evidence in a description."""

    estimate: float
    observed: float | None
    se: float
    quote: str | None


class TraitsRead(BaseModel):
    """`basis` says who says so, in words for people. What is null was not measured."""

    source: TraitSource
    basis: str
    n: int | None
    reliability: ReliabilityRead | None
    instrument: str | None
    scoring_version: int | None
    openness: TraitRead
    conscientiousness: TraitRead
    extraversion: TraitRead
    agreeableness: TraitRead
    emotional_stability: TraitRead

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "TraitsRead":
        """Read what is stored; what is older than measured traits says less."""
        unseen = {trait.value: {"observed": None, **stored[trait.value]} for trait in Trait}
        return cls.model_validate({**UNMEASURED, **stored, **unseen})

    @classmethod
    def without_quotes(cls, stored: Mapping[str, Any]) -> "TraitsRead":
        """Read what anybody may see: a quote is a piece of the owner's own description."""
        unquoted = {trait.value: {**stored[trait.value], "quote": None} for trait in Trait}
        return cls.of({**stored, **unquoted})


class ArchetypeRead(BaseModel):
    """The nearest of eight; the one or two traits that decided it, and a sentence that says how."""

    id: str
    name: str
    deciding: list[Trait]
    explanation: str


class EvidenceRead(BaseModel):
    """A sentence of the summary, and the trait or the literal words that it rests on."""

    sentence: str
    trait: Trait | None
    quote: str | None


class FidelityRead(BaseModel):
    """How near the persona's own answers to the questionnaire come to what was meant, from 0 to 1;
    `traits` is what it answered. `corrected` says that its prompt was strengthened after a first
    try. A check on the prompt, no proof of behaviour."""

    value: float
    corrected: bool
    traits: dict[Trait, float]


class CardFacts(BaseModel):
    id: UUID
    name: str
    ai_generated: Literal[True]
    source: Source
    title: str | None
    motto: str | None
    summary: str | None
    traits: TraitsRead | None
    archetype: ArchetypeRead | None
    tags: list[str]
    fidelity: FidelityRead | None


class CardRead(CardFacts):
    """What anybody may see of a persona that is public or unlisted."""

    image: ImageRead | None


class PersonaRead(CardRead):
    """What the owner sees. The content is null until a first generation has succeeded."""

    generation_status: GenerationStatus
    description: str | None
    analysis_id: UUID | None
    evidence: list[EvidenceRead]
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
