"""A turn: what is said and what is answered, once, in order, whatever comes between."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from local.vendors.control import Control
from tests.conftest import Worker
from tests.conversations.talks import Talk, meet, words
from tests.workers.doomed import wait_until


def test_the_persona_answers_and_both_are_kept_in_order(talk: Talk) -> None:
    answer = talk.say("What do you like?")
    assert answer.status == 200
    assert set(answer.json) == {"reply", "message_id", "conversation_id", "seq"}
    talk.hear("And what else?")
    first, second, third, fourth = talk.said
    assert first == (1, "human", "What do you like?")
    assert second == (2, "ai", answer.json["reply"])
    assert (third[:2], fourth[:2]) == ((3, "human"), (4, "ai"))
    assert answer.json["message_id"] == f"{answer.json['conversation_id']}:2"
    assert talk.history[1]["id"] == answer.json["message_id"]


def test_each_message_has_an_answer_of_its_own(talk: Talk) -> None:
    assert len({talk.hear(f"Tell me about number {number}.") for number in range(5)}) == 5


def test_my_persona_is_talked_to_by_its_own_path_as_well(talk: Talk) -> None:
    talk.hear("Hello.")
    answer = talk.owner.post("/personas/me/chat", {"message": "It is me again."})
    assert answer.json["seq"] == 4
    assert talk.owner.get("/personas/me/chat").json == talk.owner.get(talk.path).json


def test_each_persona_has_a_talk_of_its_own(talk: Talk, worker: Worker) -> None:
    other = meet(talk.owner, worker, "Grace")
    talk.hear("Hello, Ada.")
    other.hear("Hello, Grace.")
    assert [content for _, voice, content in other.said if voice == "human"] == ["Hello, Grace."]
    assert talk.owner.get("/personas/me/chat").json == talk.owner.get(other.path).json


def test_two_sends_with_one_key_are_one_turn(talk: Talk, ai: Control) -> None:
    said, key, before = words(), uuid4().hex, talk.texts_used
    first, second = talk.say(said, key), talk.say(said, key)
    assert second.json == first.json
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert talk.voices == "ha"
    assert (ai.calls("text", contains=said).attempts, talk.texts_used) == (1, before + 1)


def test_fifty_sends_with_one_key_at_once_are_one_turn(talk: Talk, ai: Control) -> None:
    said, key = words(), uuid4().hex
    ai.latency(text=300)
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: talk.say(said, key), range(50)))
    replies = {answer.json["reply"] for answer in answers if answer.status == 200}
    refused = [answer for answer in answers if answer.status != 200]
    assert {(each.status, each.code) for each in refused} <= {(409, "turn_running")}
    assert len(replies) == 1
    assert talk.voices == "ha"
    assert ai.calls("text", contains=said).attempts == 1


def test_while_the_persona_answers_nobody_else_is_answered(talk: Talk, ai: Control) -> None:
    talk.hear("Hello.")
    said = words()
    ai.latency(text=500)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(talk.say, said)
        wait_until(lambda: ai.calls("text", contains=said).attempts > 0)
        answer = talk.say("And I?")
        assert (answer.status, answer.code) == (409, "turn_running")
        assert int(answer.headers["Retry-After"]) > 0
    assert slow.result().status == 200
    assert talk.voices == "haha"


def test_first_messages_at_once_begin_one_talk(talk: Talk, session: Session) -> None:
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda number: talk.say(f"Hello {number}."), range(10)))
    assert {answer.status for answer in answers} <= {200, 409}
    done = [answer for answer in answers if answer.status == 200]
    assert len({answer.json["conversation_id"] for answer in done}) == 1
    assert talk.seqs(session) == list(range(1, 2 * len(done) + 1))


def test_many_who_speak_at_once_are_heard_one_by_one(
    talk: Talk, ai: Control, session: Session
) -> None:
    talk.hear("Hello.")
    ai.latency(moderation=150)
    for number in range(3):
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda each: talk.say(f"I am {each}."), range(8)))
        assert {answer.status for answer in answers} <= {200, 409}, number
        assert 200 in {answer.status for answer in answers}
    assert talk.seqs(session) == list(range(1, len(talk.voices) + 1))
    assert talk.voices == "ha" * (len(talk.voices) // 2)


def test_a_key_is_not_used_for_another_message(talk: Talk) -> None:
    key = uuid4().hex
    talk.say("Hello.", key)
    answer = talk.say("Goodbye.", key)
    assert (answer.status, answer.code) == (422, "idempotency_key_reused")
    assert talk.voices == "ha"


def test_a_key_of_my_persona_does_not_follow_to_another_one(talk: Talk, worker: Worker) -> None:
    key = uuid4().hex
    message = {"message": "Hello."}
    first = talk.owner.post("/personas/me/chat", message, idempotency_key=key)
    meet(talk.owner, worker, "Grace")
    answer = talk.owner.post("/personas/me/chat", message, idempotency_key=key)
    assert (first.status, answer.status, answer.code) == (200, 422, "idempotency_key_reused")


@pytest.mark.parametrize(
    "kind",
    ["503", "429", "reset_before", "reset", "invalid_json", "401", "cut_short", "empty"],
)
def test_a_vendor_that_fails_leaves_the_message_to_be_answered(
    talk: Talk, ai: Control, session: Session, kind: str
) -> None:
    said, before = words(), talk.texts_used
    ai.fail("text", kind, contains=said)
    answer = talk.say(said)
    assert answer.status == 503
    assert answer.code in {"vendor_unavailable", "reply_failed"}
    assert int(answer.headers["Retry-After"]) > 0
    assert (talk.voices, talk.texts_used, talk.turns(session)) == ("h", before, 0)
    assert talk.hear(said)
    assert (talk.voices, talk.texts_used) == ("ha", before + 1)
    assert talk.seqs(session) == [1, 2]
