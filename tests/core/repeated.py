"""A small API whose one effect can be counted, and which dies where it is told to."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.orm import Session

from chalicelib import wiring
from chalicelib.core import db
from chalicelib.core.answers import Reply
from chalicelib.core.api import Api
from chalicelib.core.errors import Conflict
from chalicelib.core.http import Caller, Routes

BEFORE, AFTER, AT_COMMIT, COMMITTED, REFUSED = (
    "before",
    "after",
    "at commit",
    "committed",
    "refused",
)
ENDS = (None, BEFORE, AFTER, AT_COMMIT, COMMITTED, REFUSED)
"""How a request may end: well, dead at one of four points, or refused."""


class Died(Exception):
    pass


class Refused(Conflict):
    message = "Not now."


class Wish(BaseModel):
    wish: str


class Effects:
    """`POST /effects`, for one user. `end` and `meanwhile` say what happens inside it."""

    def __init__(self, user_id: UUID) -> None:
        self.caller = Caller(user_id=user_id, session_id=uuid4())
        self.end: str | None = None
        self.meanwhile: Callable[[], object] | None = None
        self.app = Api("effects", blueprints=(self._routes(),), ports=wiring.ports)
        with db.transaction() as session:
            session.execute(sa.text("CREATE TABLE effects (wish text)"))

    def send(self, key: str, wish: str, **headers: str) -> dict[str, Any]:
        event = {
            "requestContext": {"httpMethod": "POST", "resourcePath": "/effects"},
            "headers": {"content-type": "application/json", "idempotency-key": key, **headers},
            "multiValueQueryStringParameters": None,
            "pathParameters": {},
            "stageVariables": None,
            "body": Wish(wish=wish).model_dump_json(),
            "isBase64Encoded": False,
        }
        answer: dict[str, Any] = self.app(event, None)
        return answer

    def count(self) -> Counter[str]:
        with db.reading() as session:
            return Counter(session.scalars(sa.text("SELECT wish FROM effects")))

    def drop(self) -> None:
        with db.transaction() as session:
            session.execute(sa.text("DROP TABLE effects"))

    def _routes(self) -> Routes:
        def known(_headers: Mapping[str, str]) -> Caller:
            return self.caller

        routes = Routes(__name__, guard=known)

        @routes.post("/effects")
        def create_effect(session: Session, body: Wish) -> Reply[Wish]:
            end, meanwhile = self.end, self.meanwhile
            self.end = self.meanwhile = None
            if end == BEFORE:
                raise Died
            session.execute(sa.text("INSERT INTO effects VALUES (:wish)"), {"wish": body.wish})
            if meanwhile is not None:
                meanwhile()
            _end_so(session, end)
            return Reply(body, location=f"/effects/{uuid4()}", etag=f'"{uuid4()}"')

        return routes


def _end_so(session: Session, end: str | None) -> None:
    def die(*_: object) -> None:
        raise Died

    if end == AFTER:
        die()
    if end == REFUSED:
        raise Refused
    if end == AT_COMMIT:
        sa.event.listen(session, "before_commit", die)
    if end == COMMITTED:
        db.after_commit(session, die)
