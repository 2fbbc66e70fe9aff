"""Rooms come later: what is stored of a chat is what will be stored of a room."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import (
    Conversation,
    ConversationMode,
    Message,
    Participant,
    ParticipantRole,
    Voice,
)
from tests.conftest import Worker
from tests.conversations.talks import Talk, meet


def add_room(session: Session, *talks: Talk) -> Conversation:
    """Add a room of the owner and the personas, in which each has spoken once."""
    owner_id = talks[0].owner.user["id"]
    room = {"owner_id": owner_id, "mode": ConversationMode.PANEL, "next_seq": len(talks) + 2}
    added = session.scalars(sa.insert(Conversation).values(room).returning(Conversation)).one()
    host = {"user_id": owner_id, "voice": Voice.HUMAN, "role": ParticipantRole.HOST}
    guests = [
        {"persona_id": each.life.id, "voice": Voice.AI, "role": ParticipantRole.GUEST}
        for each in talks
    ]
    for number, who in enumerate([host, *guests], 1):
        place = {"conversation_id": added.id, "number": number}
        session.execute(sa.insert(Participant).values(place | who))
        said = {"seq": number, "participant": number, "tokens": 5, "content": f"I am {number}."}
        session.execute(sa.insert(Message).values(said | {"conversation_id": added.id}))
    return added


def test_a_room_of_several_personas_is_stored_as_a_chat_is(
    talk: Talk, worker: Worker, session: Session
) -> None:
    other = meet(talk.owner, worker, "Grace")
    talk.hear("Hello.")
    chat = talk.said
    for _ in range(2):
        add_room(session, talk, other)
    assert talk.said == chat
    assert talk.say("And now?").json["seq"] == 4
    assert other.history == []
    assert talk.owner.get("/auth/me/dashboard").json["counts"]["talks"] == 1


def test_a_persona_is_in_a_room_once(talk: Talk, session: Session) -> None:
    room = add_room(session, talk)
    again = sa.select(
        Participant.conversation_id, sa.literal(9), Participant.persona_id, Participant.voice
    ).where(Participant.conversation_id == room.id, Participant.voice == Voice.AI)
    row = session.execute(again.add_columns(Participant.role)).one()
    names = ("conversation_id", "number", "persona_id", "voice", "role")
    with pytest.raises(sa.exc.IntegrityError):
        session.execute(sa.insert(Participant).values(dict(zip(names, row, strict=True))))
