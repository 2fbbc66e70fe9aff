"""What a turn needs to know: from the cache, or else from the database.

Each entry is named by what it was made from, the version of the persona or the LSN of the talk. One
that is found is therefore right, and none ever needs to be forgotten.
"""

from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from chalicelib.conversations import context, turns
from chalicelib.conversations.context import Folded, Past, Said
from chalicelib.conversations.schemas import Spoken
from chalicelib.conversations.turns import Begun
from chalicelib.core.cache import keep, key_of, recall
from chalicelib.core.db import reading
from chalicelib.core.models import Persona, Voice
from chalicelib.core.ports import Cache
from chalicelib.personas.exceptions import PersonaNotFound

PROMPT_SECONDS = 24 * 3600
TALK_SECONDS = 3600
"""What was said is not left lying about for longer than somebody pauses."""


class Assembled(BaseModel):
    model_config = ConfigDict(frozen=True)

    instructions: str


def instructions_of(cache: Cache, *, persona_id: UUID, version: int) -> str:
    """Return the persona's rules and ours. One that has just been deleted has none, and is not
    found: nobody talks with a model that was told half of them."""
    key = key_of("prompt", context.RULES_VERSION, persona_id, version)
    if (known := recall(cache, key, Assembled)) is not None:
        return known.instructions
    with reading() as session:
        stored = session.execute(
            sa.select(Persona.system_prompt, Persona.version).where(Persona.id == persona_id)
        ).one()
    if stored.system_prompt is None:
        raise PersonaNotFound
    made = Assembled(instructions=context.instructions(stored.system_prompt))
    if stored.version == version:
        keep(cache, key, made, seconds=PROMPT_SECONDS)
    return made.instructions


def past_of(cache: Cache, begun: Begun) -> Past:
    """Return what stands open, with what is being answered as its last word."""
    conversation_id = begun.taken.conversation_id
    known = recall(cache, _talk_key(conversation_id, begun.seen_lsn), Past)
    if known is None:
        with reading() as session:
            return turns.read_past(session, conversation_id)
    if not begun.is_new:
        return known
    asked = _said(begun.seq, Voice.HUMAN, begun.content)
    return Past(summary=known.summary, said=(*known.said, asked))


def keep_past(cache: Cache, past: Past, spoken: Spoken, folded: Folded | None) -> None:
    """Keep what stands open after a turn, for the next one."""
    if spoken.written_lsn is None:
        return
    open_now = past if folded is None else context.folded_past(past, folded)
    reply = _said(spoken.seq, Voice.AI, spoken.content)
    after = Past(summary=open_now.summary, said=(*open_now.said, reply))
    key = _talk_key(spoken.conversation_id, spoken.written_lsn)
    keep(cache, key, after, seconds=TALK_SECONDS)


def _said(seq: int, voice: Voice, content: str) -> Said:
    return Said(seq=seq, voice=voice, content=content, tokens=context.estimate(content))


def _talk_key(conversation_id: UUID, lsn: str) -> str:
    return key_of("talk", 1, conversation_id, lsn)
