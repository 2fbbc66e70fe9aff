from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.core.models import Moderation, Voice
from chalicelib.core.text import AtMost, Prose

MESSAGE_LENGTH = 2000
LONGEST_PAGE = 40
"""A page touches about as many blocks as it has messages: they lie between those of others."""
LAST_SEQ = 2**31 - 1


class ChatMessage(BaseModel):
    model_config = ConfigDict(extra="forbid")

    message: Annotated[Prose, AtMost(MESSAGE_LENGTH)]


@dataclass(frozen=True)
class Spoken:
    """What was answered: now, or to the same request before."""

    conversation_id: UUID
    seq: int
    content: str
    is_replay: bool = False
    written_lsn: str | None = None
    """What the talk is written at, if this was the last that was."""


class ChatReply(BaseModel):
    """`seq` is the place of the reply in the talk, which has no gaps."""

    reply: str
    message_id: str
    conversation_id: UUID
    seq: int

    @classmethod
    def of(cls, spoken: Spoken) -> "ChatReply":
        return cls(
            reply=spoken.content,
            message_id=message_id(spoken.conversation_id, spoken.seq),
            conversation_id=spoken.conversation_id,
            seq=spoken.seq,
        )


class ChatQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE)] = 20
    before: Annotated[int, Field(ge=1, le=LAST_SEQ)] = LAST_SEQ
    """The `next_cursor` of the page that came before."""


class MessageRead(BaseModel):
    """A message with `moderation: blocked` was refused: the persona never hears of it."""

    id: str
    seq: int
    voice: Voice
    content: str
    moderation: Moderation
    created_at: datetime


class ChatPage(BaseModel):
    """Newest first. There is no conversation before the first message."""

    conversation_id: UUID | None
    messages: list[MessageRead]
    next_cursor: int | None


def message_id(conversation_id: UUID, seq: int) -> str:
    return f"{conversation_id}:{seq}"
