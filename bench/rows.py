"""Two users and their personas, as a generation leaves them: one under way, one published."""

from datetime import timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.analyses.instruments import Trait
from chalicelib.core.db import transaction
from chalicelib.core.models import (
    ImageModel,
    Job,
    JobStatus,
    MottoTone,
    Persona,
    PersonaImage,
    Source,
    User,
    Visibility,
)
from chalicelib.jobs import timing
from chalicelib.personas import generation
from chalicelib.personas.services import GENERATE_PERSONA
from chalicelib.personas.traits import InferredTraits, estimates, inferred_traits

DESCRIPTION = (
    "Ada is endlessly curious and sees poetry in machines. She has dark curly hair, loves the sea "
    "at night, and always finishes what she starts. Quiet in crowds, warm with friends, and calm "
    "when everything breaks."
)
STYLE = {"register": "plain", "humour": "dry", "length": "short", "emoji": "none"}
EXAMPLES = [
    "I took it apart to see why it hums, and now the whole house hums.",
    "Give me a quiet harbour and a broken engine, and I am content.",
    "We shall finish this tonight. Put the kettle on, please.",
]
SUMMARY = f"{DESCRIPTION} She would rather understand a thing than own it."
GREETING = "Hello! Ask me how something works, and we shall both find out."
QUOTES = (
    "endlessly curious",
    "always finishes what she starts",
    "Quiet in crowds",
    "warm with friends",
    "calm when everything breaks",
)


def add_polling() -> UUID:
    """Return a user who waits for a first persona."""
    with transaction() as session:
        user, persona = _user_with_persona(session)
        running = {"status": JobStatus.RUNNING, "step": "image", "progress": 50, "attempt": 1}
        job = _job(user, persona, running)
        job.lease_until = sa.func.now() + timedelta(hours=1)
        _asked(session, user, persona, job)
        return user.id


def add_ready() -> UUID:
    """Return a user whose persona is published, portrait included."""
    with transaction() as session:
        user, persona = _user_with_persona(session)
        done = {"status": JobStatus.SUCCEEDED, "step": "done", "progress": 100, "attempt": 1}
        job = _job(user, persona, done)
        job.finished_at = sa.func.now()
        _asked(session, user, persona, job)
        _publish(session, persona)
        return user.id


def _user_with_persona(session: Session) -> tuple[User, Persona]:
    user = User(email="ada@example.com", display_name="Ada")
    session.add(user)
    session.flush()
    persona = Persona(
        owner_id=user.id,
        name="Ada",
        name_key="ada",
        source=Source.DESCRIPTION,
        description=DESCRIPTION,
        motto_tone=MottoTone.NEUTRAL,
        visibility=Visibility.PRIVATE,
    )
    session.add(persona)
    session.flush()
    return user, persona


def _job(user: User, persona: Persona, state: dict[str, object]) -> Job:
    return Job(
        owner_id=user.id,
        kind=GENERATE_PERSONA,
        subject_id=persona.id,
        input={"name": "Ada", "description": DESCRIPTION},
        deadline=sa.func.now() + timing.DEADLINE,
        started_at=sa.func.now(),
        **state,
    )


def _asked(session: Session, user: User, persona: Persona, job: Job) -> None:
    session.add(job)
    session.flush()
    persona.job_id = job.id
    user.primary_persona_id = persona.id


def _publish(session: Session, persona: Persona) -> None:
    image = PersonaImage(
        persona_id=persona.id,
        requested_model=ImageModel.DALL_E,
        model=ImageModel.DALL_E,
        vendor_model="gpt-image-2",
        prompt=generation.portrait_prompt(name=persona.name, description=DESCRIPTION),
        key=f"images/{persona.id}/{uuid4()}-dall-e.jpg",
        mime="image/jpeg",
        width=1024,
        height=1024,
        sha256="0" * 64,
        motto="Curious to the end.",
    )
    session.add(image)
    session.flush()
    persona.current_image_id = image.id
    persona.motto = image.motto
    persona.summary, persona.greeting = SUMMARY, GREETING
    persona.examples, persona.style = EXAMPLES, dict(STYLE)
    character = {"summary": SUMMARY, "examples": EXAMPLES, "style": STYLE}
    persona.traits = _traits()
    levels = estimates(persona.traits)
    persona.system_prompt = generation.system_prompt(
        name=persona.name, levels=levels, character=character, aims={}
    )
    persona.version = 1
    persona.published_at = sa.func.now()


def _traits() -> dict[str, object]:
    rated = zip(Trait, QUOTES, strict=True)
    inferred = {name: {"value": 0.7, "quote": quote} for name, quote in rated}
    model = InferredTraits.model_validate(inferred)
    return inferred_traits(model, description=DESCRIPTION)
