"""A survey as its owner opens it and as friends answer it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.analyses.instruments import MINI_IPIP
from chalicelib.core.models import Analysis
from tests.client import Answer, Api

E, A, C, N, O = (  # noqa: E741 - the factors' own letters
    tuple(str(first + step) for step in (0, 5, 10, 15)) for first in range(1, 6)
)
ITEMS = tuple(str(number) for number in range(1, 21))

# Agrees with whatever is said, but for the reversed items: no straight line, and it has a shape.
ANSWERS: dict[str, int | None] = {
    **dict(zip(E, (5, 2, 4, 1), strict=True)),
    **dict(zip(A, (4, 1, 3, 2), strict=True)),
    **dict(zip(C, (2, 4, 3, 5), strict=True)),
    **dict(zip(N, (2, 4, 1, 3), strict=True)),
    **dict(zip(O, (5, 1, None, 2), strict=True)),
}
TRAITS = {
    "openness",
    "conscientiousness",
    "extraversion",
    "agreeableness",
    "emotional_stability",
}


@dataclass(frozen=True)
class Survey:
    owner: Api
    id: UUID
    token: str

    @property
    def path(self) -> str:
        return f"/analyses/{self.id}"

    @property
    def link(self) -> str:
        return f"/analyses/{self.token}"

    def results(self) -> Answer:
        return self.owner.get(f"{self.path}/results")

    def put_self(self, answers: dict[str, int | None]) -> Answer:
        return self.owner.request("PUT", f"{self.path}/self", {"answers": answers})


def open_survey(owner: Api, **fields: Any) -> Survey:
    answer = owner.post("/analyses", fields)
    assert answer.status == 201, answer
    return Survey(owner, answer.json["id"], answer.json["share_token"])


def respondent_token(friend: Api, survey: Survey) -> str:
    answer = friend.get(survey.link)
    assert answer.status == 200, answer
    return str(answer.json["respondent_token"])


def response(token: str, **fields: Any) -> dict[str, Any]:
    return {"respondent_token": token, "answers": ANSWERS, **fields}


def respond(friend: Api, survey: Survey, **fields: Any) -> Answer:
    """Open the link as somebody new, and answer."""
    body = response(respondent_token(friend, survey), **fields)
    return friend.post(f"{survey.link}/responses", body)


def answers_at(**levels: int) -> dict[str, int | None]:
    """Answer so that each named factor comes out at this level, 1 to 5, and the others at 3."""
    answers: dict[str, int | None] = dict.fromkeys(ITEMS, 3)
    for item in MINI_IPIP.items:
        if item.factor in levels:
            level = levels[item.factor]
            answers[item.id] = 6 - level if item.reversed else level
    return answers


def collect(friend: Api, survey: Survey, *all_answers: dict[str, int | None]) -> None:
    for answers in all_answers:
        assert respond(friend, survey, answers=answers).status == 201


def expire(session: Session, survey: Survey) -> None:
    session.execute(
        sa.update(Analysis)
        .where(Analysis.id == survey.id)
        .values(expires_at=sa.func.now() - timedelta(seconds=1))
    )
