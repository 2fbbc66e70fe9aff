"""Everything of somebody's at a glance: one statement for each part, all from the primary."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import (
    Conversation,
    Job,
    Message,
    Moderation,
    Participant,
    Persona,
    PersonaImage,
    User,
)
from chalicelib.core.ports import Objects
from chalicelib.dashboard.schemas import (
    CountsRead,
    DashboardRead,
    PersonaGlance,
    TalkGlance,
    TodayRead,
)
from chalicelib.jobs.schemas import JobRead
from chalicelib.jobs.services import is_running, is_unseen
from chalicelib.personas.schemas import STATUS_OF_JOB
from chalicelib.personas.showing import image_in
from chalicelib.spending.quotas import get_today
from chalicelib.spending.schemas import LimitsRead

LISTED = 5
EXCERPT = 140

_ALL = sa.func.count().over().label("all_there_are")
_MINE: sa.BindParameter[UUID] = sa.bindparam("user_id")

_PERSONAS = (
    sa.select(
        Persona.id,
        Persona.name,
        Persona.motto,
        Persona.visibility,
        User.primary_persona_id.is_not_distinct_from(Persona.id).label("is_primary"),
        Job.status.label("job_status"),
        PersonaImage.id.label("image_id"),
        PersonaImage.key,
        PersonaImage.width,
        PersonaImage.height,
        PersonaImage.mime,
        PersonaImage.model,
        PersonaImage.requested_model,
        _ALL,
    )
    .join(User, User.id == Persona.owner_id)
    .outerjoin(Job, Job.id == Persona.job_id)
    .outerjoin(PersonaImage, PersonaImage.id == Persona.current_image_id)
    .where(Persona.owner_id == _MINE, Persona.deleted_at.is_(None))
    .order_by(Persona.id.desc())
    .limit(LISTED)
)
_JOBS = sa.select(Job, _ALL).where(Job.owner_id == _MINE).order_by(Job.id.desc()).limit(LISTED)
_RUNNING = _JOBS.where(is_running())
_UNSEEN = _JOBS.where(is_unseen())
_LAST = (
    sa.select(Participant.voice, sa.func.left(Message.content, EXCERPT).label("excerpt"))
    .join(
        Participant,
        sa.and_(
            Participant.conversation_id == Message.conversation_id,
            Participant.number == Message.participant,
        ),
    )
    .where(Message.conversation_id == Conversation.id, Message.moderation != Moderation.BLOCKED)
    .order_by(Message.seq.desc())
    .limit(1)
    .lateral("last")
)
_TALKS = (
    sa.select(
        Conversation.id.label("conversation_id"),
        Conversation.persona_id,
        Persona.name.label("persona_name"),
        Conversation.spoken_at,
        _LAST.c.voice,
        _LAST.c.excerpt,
        _ALL,
    )
    .join(Persona, Persona.id == Conversation.persona_id)
    .outerjoin(_LAST, sa.true())
    .where(Conversation.owner_id == _MINE)
    .order_by(Conversation.spoken_at.desc())
    .limit(LISTED)
)


def get_dashboard(session: Session, objects: Objects, *, user_id: UUID) -> DashboardRead:
    asked = {"user_id": user_id}
    parts = (_PERSONAS, _RUNNING, _UNSEEN, _TALKS)
    personas, running, unseen, talks = (session.execute(part, asked).all() for part in parts)
    today = get_today(session, user_id=user_id)
    return DashboardRead(
        counts=CountsRead(
            personas=_all(personas),
            running_jobs=_all(running),
            unseen_results=_all(unseen),
            talks=_all(talks),
        ),
        personas=[_persona(row, objects) for row in personas],
        running_jobs=[JobRead.of(row.Job) for row in running],
        unseen_results=[JobRead.of(row.Job) for row in unseen],
        recent_talks=[TalkGlance.model_validate(row, from_attributes=True) for row in talks],
        usage=TodayRead(
            limits=LimitsRead.model_validate(today.limits, from_attributes=True),
            resets_at=today.resets_at,
        ),
    )


def _all(rows: Sequence[sa.Row[Any]]) -> int:
    return int(rows[0].all_there_are) if rows else 0


def _persona(row: sa.Row[Any], objects: Objects) -> PersonaGlance:
    return PersonaGlance(
        id=row.id,
        name=row.name,
        motto=row.motto,
        visibility=row.visibility,
        is_primary=row.is_primary,
        generation_status=STATUS_OF_JOB[row.job_status] if row.job_status else "ready",
        image=image_in(row, objects),
    )
