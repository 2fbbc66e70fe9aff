"""A persona that somebody talks with."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import Conversation, Message, Turn
from tests.client import Answer, Api
from tests.conftest import Worker
from tests.personas.lives import Life, begin


@dataclass(frozen=True)
class Talk:
    life: Life

    @property
    def owner(self) -> Api:
        return self.life.owner

    @property
    def path(self) -> str:
        return f"{self.life.path}/chat"

    def say(self, message: str, key: str | None = None) -> Answer:
        headers = {} if key is None else {"idempotency-key": key}
        return self.owner.post(self.path, {"message": message}, **headers)

    def hear(self, message: str) -> str:
        answer = self.say(message)
        assert answer.status == 200, answer
        return str(answer.json["reply"])

    @property
    def history(self) -> list[dict[str, Any]]:
        """What was said, oldest first."""
        answer = self.owner.get(f"{self.path}?limit=40")
        assert answer.status == 200, answer
        return list(reversed(answer.json["messages"]))

    @property
    def said(self) -> list[tuple[int, str, str]]:
        return [(each["seq"], each["voice"], each["content"]) for each in self.history]

    @property
    def voices(self) -> str:
        """Who spoke, in order: h for the human, a for the AI."""
        return "".join(each["voice"][0] for each in self.history)

    @property
    def texts_used(self) -> int:
        return int(self.owner.get("/auth/me/usage").json["limits"]["texts"]["used"])

    def row(self, session: Session) -> Conversation:
        wanted = sa.select(Conversation).where(Conversation.persona_id == self.life.id)
        return session.scalars(wanted.execution_options(populate_existing=True)).one()

    def turns(self, session: Session) -> int:
        conversation_id = self.row(session).id
        counted = sa.select(sa.func.count()).where(Turn.conversation_id == conversation_id)
        return session.scalar(counted) or 0

    def seqs(self, session: Session) -> list[int]:
        wanted = sa.select(Message.seq).where(Message.conversation_id == self.row(session).id)
        return list(session.scalars(wanted.order_by(Message.seq)))


def meet(api: Api, worker: Worker, name: str = "Ada") -> Talk:
    return Talk(begin(api, worker, name))


def words() -> str:
    """Something that nobody has said before."""
    return f"Word {uuid4().hex[:10]}"
