"""What was said, page by page: from the replica, and never less than its owner has just written."""

from itertools import pairwise

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.db import reading_replica
from chalicelib.core.models import Conversation, Message
from local.stack import Stack
from local.vendors.control import Control
from tests.client import Api
from tests.conftest import Worker, replica_paused
from tests.conversations.talks import Talk, words
from tests.workers.doomed import wait_until


def pages(talk: Talk, limit: int) -> list[list[int]]:
    """Walk through the whole history and return the places of each page."""
    walked, before = [], ""
    while True:
        answer = talk.owner.get(f"{talk.path}?limit={limit}{before}").json
        walked.append([each["seq"] for each in answer["messages"]])
        if answer["next_cursor"] is None:
            return walked
        before = f"&before={answer['next_cursor']}"


def test_pages_follow_each_other_without_gap_or_overlap(talk: Talk) -> None:
    for number in range(4):
        talk.hear(f"Hello {number}.")
    assert pages(talk, 3) == [[8, 7, 6], [5, 4, 3], [2, 1]]
    assert pages(talk, 4) == [[8, 7, 6, 5], [4, 3, 2, 1]]


def test_a_page_stays_where_it_was_while_the_talk_goes_on(talk: Talk) -> None:
    for number in range(3):
        talk.hear(f"Hello {number}.")
    cursor = talk.owner.get(f"{talk.path}?limit=2").json["next_cursor"]
    before = talk.owner.get(f"{talk.path}?limit=2&before={cursor}").json
    talk.hear("One more.")
    assert talk.owner.get(f"{talk.path}?limit=2&before={cursor}").json == before


def test_before_the_first_message_there_is_nothing(talk: Talk) -> None:
    nothing: dict[str, object] = {"conversation_id": None, "messages": [], "next_cursor": None}
    assert talk.owner.get(talk.path).json == nothing
    talk.hear("Hello.")
    assert talk.owner.get(f"{talk.path}?before=1").json["messages"] == []


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=41", "before=0", "before=x", "before=2147483648", "after=1"]
)
def test_a_page_that_cannot_be_is_explained(talk: Talk, query: str) -> None:
    answer = talk.owner.get(f"{talk.path}?{query}")
    assert (answer.status, answer.code) == (422, "invalid")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"message": ""},
        {"message": " \n"},
        {"message": "x" * 2001},
        {"message": "a\x00b"},
        {"message": "\u202eevil"},
        {"message": 5},
        {"message": "Hello.", "role": "system"},
        [],
        None,
    ],
    ids=repr,
)
def test_what_cannot_be_said_is_explained(talk: Talk, body: object) -> None:
    answer = talk.owner.post(talk.path, body)
    assert answer.status in {400, 422}
    assert answer.code in {"invalid", "malformed"}
    assert talk.history == []


def test_anothers_talk_is_not_found(talk: Talk, stranger: Api) -> None:
    talk.hear("Hello.")
    talk.life.edit(visibility="public")
    for answer in (stranger.get(talk.path), stranger.post(talk.path, {"message": "Hello."})):
        assert (answer.status, answer.code) == (404, "persona_not_found")
    for answer in (
        stranger.get("/personas/me/chat"),
        stranger.post("/personas/me/chat", {"message": "Hello."}),
    ):
        assert (answer.status, answer.code) == (404, "persona_not_found")


def test_one_does_not_talk_with_who_is_not_made_yet(api: Api, worker: Worker) -> None:
    persona_id = api.generate().json["persona_id"]
    answer = api.post(f"/personas/{persona_id}/chat", {"message": "Hello."})
    assert (answer.status, answer.code) == (409, "persona_not_ready")
    assert api.get(f"/personas/{persona_id}/chat").json["messages"] == []


def test_one_does_not_talk_with_who_is_deleted(talk: Talk) -> None:
    talk.hear("Hello.")
    assert talk.owner.delete(talk.life.path).status == 204
    assert talk.owner.get(talk.path).status == 404
    assert talk.say("Hello?").status == 404


def test_an_imported_persona_talks_as_well(api: Api) -> None:
    card = {
        "spec": "chara_card_v2",
        "spec_version": "2.0",
        "data": {
            "name": "Bo",
            "description": "Bo is dry and kind.",
            "personality": "",
            "scenario": "",
            "first_mes": "Hello.",
            "mes_example": "",
            "creator_notes": "",
            "system_prompt": "",
            "post_history_instructions": "",
            "alternate_greetings": [],
            "tags": [],
            "creator": "",
            "character_version": "",
            "extensions": {},
        },
    }
    imported = api.post("/personas/import", {"card": card})
    assert imported.status == 201, imported
    assert api.post("/personas/me/chat", {"message": "Hello."}).status == 200


@pytest.mark.parametrize("is_known", [False, True], ids=["new to it", "known to it"])
def test_what_was_just_said_is_there_while_the_replica_shows_nothing(
    talk: Talk, session: Session, stack: Stack, *, is_known: bool
) -> None:
    if is_known:
        talk.hear("Hello.")
        wait_until(lambda: is_replayed(talk, session))
    with replica_paused(stack):
        for number in range(5):
            reply = talk.hear(f"Hello {number}.")
            (said, voice, content), (answered, *_, told) = talk.said[-2:]
            assert (voice, content, told) == ("human", f"Hello {number}.", reply)
            assert (said, answered) == (len(talk.voices) - 1, len(talk.voices))


def test_what_was_just_said_is_there_while_the_replica_runs_after(talk: Talk) -> None:
    for number in range(1, 20):
        talk.hear(f"Hello {number}.")
        newest = talk.owner.get(f"{talk.path}?limit=1").json["messages"]
        assert [each["seq"] for each in newest] == [2 * number]


def test_what_was_refused_is_seen_as_refused_at_once(
    talk: Talk, ai: Control, session: Session, stack: Stack
) -> None:
    said = words()
    ai.fail("text", "503", contains=said)
    talk.say(said)
    wait_until(lambda: is_replayed(talk, session))
    with replica_paused(stack):
        ai.fail("text", "refusal", contains=said)
        talk.say(said)
        assert [each["moderation"] for each in talk.history] == ["blocked"]


def is_replayed(talk: Talk, session: Session) -> bool:
    row = talk.row(session)
    wanted = sa.select(Conversation.written_lsn).where(Conversation.id == row.id)
    with reading_replica() as replica:
        return replica.scalar(wanted) == row.written_lsn


def test_what_the_replica_has_is_read_from_it(talk: Talk, session: Session, stack: Stack) -> None:
    talk.hear("Hello.")
    wait_until(lambda: is_replayed(talk, session))
    with replica_paused(stack):
        told = sa.update(Message).values(content="Only the primary has this.")
        session.execute(told.where(Message.conversation_id == talk.row(session).id))
        assert "Only the primary has this." not in str(talk.said)


def test_every_write_raises_the_lsn(talk: Talk, session: Session) -> None:
    seen = []
    for number in range(3):
        talk.hear(f"Hello {number}.")
        seen.append(talk.row(session).written_lsn)
    for earlier, later in pairwise(seen):
        is_later = sa.text("SELECT CAST(:a AS pg_lsn) < CAST(:b AS pg_lsn)")
        assert session.scalar(is_later, {"a": earlier, "b": later})
    restored = "UPDATE conversations SET written_lsn = 'FFFF/0' WHERE id = :id"
    session.execute(sa.text(restored), {"id": talk.row(session).id})
    talk.hear("After a restore.")
    assert talk.row(session).written_lsn == "FFFF/2"
