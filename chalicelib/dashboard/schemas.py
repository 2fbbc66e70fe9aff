from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from chalicelib.core.models import Visibility, Voice
from chalicelib.jobs.schemas import JobRead
from chalicelib.personas.schemas import GenerationStatus, ImageRead
from chalicelib.spending.schemas import LimitsRead


class CountsRead(BaseModel):
    """All there are; of each the newest are listed."""

    personas: int
    running_jobs: int
    unseen_results: int
    talks: int


class PersonaGlance(BaseModel):
    id: UUID
    name: str
    motto: str | None
    visibility: Visibility
    is_primary: bool
    generation_status: GenerationStatus
    image: ImageRead | None


class TalkGlance(BaseModel):
    """A talk, and how what was said last begins. A persona that was deleted leaves its name."""

    conversation_id: UUID
    persona_id: UUID
    persona_name: str
    spoken_at: datetime
    voice: Voice | None
    excerpt: str | None


class TodayRead(BaseModel):
    limits: LimitsRead
    resets_at: datetime


class DashboardRead(BaseModel):
    """`unseen_results` are the jobs that have ended by themselves, until `POST /jobs/{id}/seen`."""

    counts: CountsRead
    personas: list[PersonaGlance]
    running_jobs: list[JobRead]
    unseen_results: list[JobRead]
    recent_talks: list[TalkGlance]
    usage: TodayRead
