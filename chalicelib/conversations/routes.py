from uuid import UUID

from sqlalchemy.orm import Session

from chalicelib.auth.guards import signed_in
from chalicelib.conversations import chatting, history
from chalicelib.conversations.schemas import ChatMessage, ChatPage, ChatQuery, ChatReply
from chalicelib.core.answers import Reply
from chalicelib.core.http import Caller, Routes
from chalicelib.core.idempotency import Attempt
from chalicelib.core.ports import Ports

routes = Routes(__name__, guard=signed_in)


@routes.post("/personas/me/chat", status=200)
def chat_with_my_persona(
    caller: Caller, ports: Ports, attempt: Attempt | None, body: ChatMessage
) -> Reply[ChatReply]:
    """Say something to the primary persona. Send a message that failed again: it stands once."""
    return _reply(caller, ports, attempt, None, body)


@routes.get("/personas/me/chat")
def list_my_messages(
    session: Session, replica: Session, caller: Caller, query: ChatQuery
) -> ChatPage:
    """List what was said with the primary persona, newest first."""
    return history.list_messages(
        session, replica, owner_id=caller.user_id, persona_id=None, query=query
    )


@routes.post("/personas/{persona_id}/chat", status=200)
def chat_with_persona(
    caller: Caller, ports: Ports, attempt: Attempt | None, persona_id: UUID, body: ChatMessage
) -> Reply[ChatReply]:
    """Say something to one's persona. Send a message that failed again: it stands once."""
    return _reply(caller, ports, attempt, persona_id, body)


@routes.get("/personas/{persona_id}/chat")
def list_messages(
    session: Session, replica: Session, caller: Caller, persona_id: UUID, query: ChatQuery
) -> ChatPage:
    """List what was said with one's persona, newest first."""
    return history.list_messages(
        session, replica, owner_id=caller.user_id, persona_id=persona_id, query=query
    )


def _reply(
    caller: Caller,
    ports: Ports,
    attempt: Attempt | None,
    persona_id: UUID | None,
    body: ChatMessage,
) -> Reply[ChatReply]:
    spoken = chatting.send_message(
        ports.text,
        ports.cache,
        owner_id=caller.user_id,
        persona_id=persona_id,
        message=body.message,
        attempt=attempt,
    )
    return Reply(ChatReply.of(spoken), is_replay=spoken.is_replay)
