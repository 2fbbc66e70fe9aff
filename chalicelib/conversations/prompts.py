"""What a turn needs to know."""

from uuid import UUID

import sqlalchemy as sa

from chalicelib.conversations import context, turns
from chalicelib.conversations.context import Past
from chalicelib.conversations.turns import Begun
from chalicelib.core.db import reading
from chalicelib.core.models import Persona


def instructions_of(persona_id: UUID) -> str:
    with reading() as session:
        stored = session.scalars(
            sa.select(Persona.system_prompt).where(Persona.id == persona_id)
        ).one()
    return context.instructions(stored or "")


def past_of(begun: Begun) -> Past:
    with reading() as session:
        return turns.read_past(session, begun.taken.conversation_id)
