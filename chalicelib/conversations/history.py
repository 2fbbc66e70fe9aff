"""A talk as its owner reads it: from the replica, and from the primary while that is behind.

What tells is the talk's own row. Its LSN rises with every write, in the same transaction, so that
the replica's copy of it says exactly how much of this talk the replica has.
"""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.conversations import talks
from chalicelib.conversations.schemas import ChatPage, ChatQuery, MessageRead, message_id
from chalicelib.conversations.talks import OWNER
from chalicelib.core.models import Moderation, Voice

PAGE = sa.text("""
SELECT talk.written_lsn >= CAST(:seen AS pg_lsn) AS is_fresh, message.*
FROM conversations talk
LEFT JOIN LATERAL (
    SELECT seq, participant, moderation, content, created_at FROM messages
    WHERE conversation_id = talk.id AND seq < :before
    ORDER BY seq DESC LIMIT :most
) AS message ON true
WHERE talk.id = :conversation_id
ORDER BY message.seq DESC
""")


def list_messages(
    session: Session,
    replica: Session,
    *,
    owner_id: UUID,
    persona_id: UUID | None,
    query: ChatQuery,
) -> ChatPage:
    found = talks.find(session, owner_id=owner_id, persona_id=persona_id)
    if found.conversation_id is None:
        return ChatPage(conversation_id=None, messages=[], next_cursor=None)
    wanted = {
        "conversation_id": found.conversation_id,
        "seen": found.written_lsn,
        "before": query.before,
        "most": query.limit + 1,
    }
    rows = replica.execute(PAGE, wanted).all()
    if not (rows and rows[0].is_fresh):
        rows = session.execute(PAGE, wanted).all()
    read = [_read(found.conversation_id, row) for row in rows if row.seq is not None]
    shown = read[: query.limit]
    is_more = len(read) > query.limit
    return ChatPage(
        conversation_id=found.conversation_id,
        messages=shown,
        next_cursor=shown[-1].seq if is_more else None,
    )


def _read(conversation_id: UUID, row: "sa.Row[Any]") -> MessageRead:
    return MessageRead(
        id=message_id(conversation_id, row.seq),
        seq=row.seq,
        voice=Voice.HUMAN if row.participant == OWNER else Voice.AI,
        content=row.content,
        moderation=Moderation(row.moderation),
        created_at=row.created_at,
    )
