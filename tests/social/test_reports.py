"""Reports: each waits once for somebody to decide."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import ModerationItem, Persona
from tests.client import Api
from tests.conftest import Log
from tests.social.listed import add_listed, new_tag, report


@pytest.fixture
def theirs(stranger: Api, session: Session) -> str:
    """Somebody else's persona, listed."""
    return add_listed(session, stranger, new_tag())


def test_a_report_waits_for_somebody_to_decide(
    api: Api, session: Session, theirs: str, log: Log
) -> None:
    reason = f"It names my street {uuid4().hex}."
    answer = report(api, theirs, reason)
    assert (answer.status, answer.json["status"]) == (202, "open")
    item = session.get_one(ModerationItem, answer.json["id"])
    assert (str(item.target_id), item.reason, item.decided_by) == (theirs, reason, None)
    assert str(item.reporter_id) == api.user["id"]
    assert reason not in log.text


def test_one_reporter_has_one_open_item_for_a_target(
    api: Api, visitor: Api, session: Session, theirs: str
) -> None:
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda number: report(api, theirs, f"No. {number}"), range(50)))
    assert {answer.status for answer in answers} == {202}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert report(Api.signed_in(visitor.env), theirs).json["id"] != answers[0].json["id"]
    decided = sa.update(ModerationItem).where(ModerationItem.id == answers[0].json["id"])
    session.execute(decided.values(status="approved"))
    assert report(api, theirs).json["id"] != answers[0].json["id"]


def test_only_what_is_shown_and_not_ones_own_can_be_reported(
    api: Api, stranger: Api, session: Session, theirs: str
) -> None:
    assert (report(stranger, theirs).status, report(stranger, theirs).code) == (403, "own_persona")
    for visibility, status in (("unlisted", 202), ("private", 404)):
        hidden = sa.update(Persona).where(Persona.id == theirs).values(visibility=visibility)
        session.execute(hidden)
        assert report(api, theirs).status == status
    assert report(api, str(uuid4())).code == "persona_not_found"


@pytest.mark.parametrize("reason", ["", "  ", "x" * 1001, "\x00", None, 7])
def test_a_report_needs_a_reason(api: Api, theirs: str, reason: object) -> None:
    body = {"target_type": "persona", "target_id": theirs, "reason": reason}
    assert api.post("/social/reports", body).status == 422
