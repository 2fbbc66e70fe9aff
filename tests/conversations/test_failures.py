"""What goes wrong between the two transactions: the message stays, the day is not charged, and
nothing but a whole answer is ever kept."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import Breaker, Turn, UsageEvent, UsageStatus
from chalicelib.workers.sweeper import sweep
from local.vendors.control import Control
from tests.conftest import Log, Worker
from tests.conversations.doomed import speaking
from tests.conversations.talks import Talk, words
from tests.receiver import settings_with
from tests.spending.books import let_time_pass, spent
from tests.workers.doomed import wait_until

BAD = "I will kill you"


def end_leases(session: Session) -> None:
    session.execute(sa.update(Turn).values(until=sa.func.now() - sa.text("interval '1 second'")))


def ledger(session: Session, talk: Talk) -> list[tuple[str, str]]:
    wanted = sa.select(UsageEvent.step, UsageEvent.status).where(
        UsageEvent.user_id == talk.owner.user["id"], UsageEvent.turn_id.is_not(None)
    )
    rows = session.execute(wanted.order_by(UsageEvent.id))
    return [(row.step, row.status.value) for row in rows]


def intended(session: Session, talk: Talk) -> int:
    counted = sa.select(sa.func.sum(UsageEvent.cost_micros)).where(
        UsageEvent.user_id == talk.owner.user["id"], UsageEvent.status == UsageStatus.INTENT
    )
    return session.scalar(counted) or 0


@pytest.mark.parametrize(
    ("kind", "status"),
    [("503", "void"), ("reset", "intent"), ("refusal", "settled"), ("cut_short", "settled")],
)
def test_the_ledger_knows_what_a_failed_turn_has_cost(
    talk: Talk, ai: Control, session: Session, kind: str, status: str
) -> None:
    said, texts, money = words(), talk.texts_used, spent(session)
    ai.fail("text", kind, contains=said)
    talk.say(said)
    assert ledger(session, talk) == [("reply", status)]
    assert talk.texts_used == texts
    assert (spent(session) > money) == (status != "void")


def test_a_turn_is_one_text_of_the_day(talk: Talk, session: Session) -> None:
    before = talk.texts_used
    for number in range(3):
        talk.hear(f"Hello {number}.")
    assert talk.texts_used == before + 3
    assert ledger(session, talk) == [("reply", "settled")] * 3


def test_a_refused_message_is_blocked_and_nobody_hears_of_it(talk: Talk, ai: Control) -> None:
    said = words()
    answer = talk.say(f"{BAD} {said}")
    assert (answer.status, answer.code) == (422, "blocked")
    assert answer.json["errors"][0]["loc"] == ["message"]
    assert talk.history == []
    assert ai.calls("text", contains=said).attempts == 0


@pytest.mark.parametrize("kind", ["refusal", "content_filter", "content_policy_violation"])
def test_what_the_vendor_refuses_is_blocked_and_out_of_the_context(
    talk: Talk, ai: Control, kind: str
) -> None:
    talk.hear("Hello.")
    said, before = words(), talk.texts_used
    ai.fail("text", kind, contains=said)
    answer = talk.say(said)
    assert (answer.status, answer.code) == (422, "blocked")
    assert [each["moderation"] for each in talk.history] == ["ok", "ok", "blocked"]
    assert talk.texts_used == before
    heard = ai.calls("text", contains=said).attempts
    assert talk.hear("Something else.")
    assert ai.calls("text", contains=said).attempts == heard
    assert [each["seq"] for each in talk.history] == [1, 2, 3, 4, 5]


def test_a_key_of_a_blocked_message_stays_blocked(talk: Talk, ai: Control) -> None:
    said = words()
    ai.fail("text", "refusal", contains=said)
    assert [talk.say(said, "a-key").status for _ in range(2)] == [422, 422]
    assert ai.calls("text", contains=said).attempts == 1
    assert talk.voices == "h"


def test_what_waited_beside_a_refused_message_is_blocked_with_it(
    talk: Talk, ai: Control, session: Session
) -> None:
    first, second = words(), words()
    ai.fail("text", "503", contains=first)
    talk.say(first)
    ai.fail("text", "refusal", contains=second)
    talk.say(second)
    assert [each["moderation"] for each in talk.history] == ["blocked", "blocked"]
    assert talk.row(session).open_tokens == 0


def test_a_reply_that_is_refused_is_withheld(talk: Talk, ai: Control) -> None:
    said, before = words(), talk.texts_used
    ai.fail("moderation", "flagged", after=1)
    answer = talk.say(said)
    assert (answer.status, answer.code) == (503, "reply_withheld")
    assert (talk.voices, talk.texts_used) == ("h", before)
    assert talk.hear(said)
    assert talk.voices == "ha"


@pytest.mark.parametrize("after", [0, 1])
def test_nobody_is_heard_and_nothing_said_without_the_moderator(
    talk: Talk, ai: Control, after: int
) -> None:
    said, before = words(), talk.texts_used
    ai.fail("moderation", "503", after=after)
    answer = talk.say(said)
    assert (answer.status, answer.code) == (503, "vendor_unavailable")
    assert (talk.voices, talk.texts_used) == ("h" * after, before)
    assert ai.calls("text", contains=said).attempts == after
    assert talk.hear(said)
    assert talk.voices == "ha"


def test_two_messages_without_an_answer_are_answered_together(talk: Talk, ai: Control) -> None:
    first, second = words(), words()
    ai.fail("text", "503", contains=first, times=2)
    for said, key in ((first, "one"), (second, "two")):
        assert talk.say(said, key).status == 503
    answers = [talk.say(first, "one"), talk.say(second, "two")]
    assert answers[0].json == answers[1].json
    assert talk.voices == "hha"


def test_a_process_that_dies_leaves_a_message_to_be_answered_and_costs_no_text(
    talk: Talk, ai: Control, session: Session, worker: Worker
) -> None:
    talk.hear("Hello.")
    said, before, money = words(), talk.texts_used, spent(session)
    ai.latency(text=20_000)
    with speaking(talk.owner, talk.path, said) as speaker:
        wait_until(lambda: ai.calls("text", contains=said).attempts > 0)
        speaker.kill()
    ai.latency(text=0)
    sweep()
    assert (talk.voices, talk.texts_used, talk.turns(session)) == ("hah", before + 1, 1)
    assert talk.say(said).code == "turn_running"
    end_leases(session)
    sweep()
    assert (talk.texts_used, talk.turns(session)) == (before, 0)
    assert spent(session) - money == intended(session, talk)
    assert talk.hear(said)
    assert (talk.voices, talk.texts_used) == ("haha", before + 1)
    assert [status for _, status in ledger(session, talk)] == ["settled", "intent", "settled"]


def test_who_wakes_up_too_late_says_nothing_more(talk: Talk, ai: Control, session: Session) -> None:
    talk.hear("Hello.")
    said = words()
    ai.latency(text=1500)
    with speaking(talk.owner, talk.path, said) as speaker:
        wait_until(lambda: ai.calls("text", contains=said).attempts > 0)
        speaker.freeze()
        ai.latency(text=0)
        end_leases(session)
        reply = talk.hear(said)
        assert speaker.thaw() == "409 turn_lost"
    assert [content for _, voice, content in talk.said if voice == "ai"][1:] == [reply]
    assert talk.seqs(session) == [1, 2, 3, 4]


def test_a_day_that_is_used_up_answers_nobody(talk: Talk, session: Session) -> None:
    talk.hear("Hello.")
    with settings_with(DAILY_TEXTS=str(max(15, talk.texts_used))):
        while (answer := talk.say(words())).status == 200:
            pass
    assert (answer.status, answer.code) == (429, "quota_exceeded")
    assert answer.json["limit"]["name"] == "texts_per_day"
    assert set(talk.voices) == {"h", "a"}
    assert talk.voices[-1] == "a"
    assert talk.hear("And now?")


def test_a_day_without_money_answers_nobody(talk: Talk, session: Session) -> None:
    spent_dollars = spent(session) // 1_000_000
    with settings_with(DAILY_BUDGET_DOLLARS=str(max(1, spent_dollars))):
        session.execute(sa.text("UPDATE daily_costs SET cost_micros = cost_micros + 1000000"))
        answer = talk.say("Hello.")
        session.execute(sa.text("UPDATE daily_costs SET cost_micros = cost_micros - 1000000"))
    assert (answer.status, answer.code) == (429, "budget_exceeded")
    assert talk.history == []


@pytest.mark.parametrize("operation", ["text", "moderation"])
def test_a_vendor_that_keeps_failing_is_left_alone_and_tried_again(
    talk: Talk, ai: Control, session: Session, operation: str
) -> None:
    said = words()
    ai.fail(operation, "503", contains=said, times=5)
    assert {talk.say(said).code for _ in range(5)} == {"vendor_unavailable"}
    asked = ai.calls(operation, contains=said).attempts
    answer = talk.say(said)
    assert (answer.status, answer.code) == (503, "vendor_resting")
    assert int(answer.headers["Retry-After"]) > 0
    assert ai.calls(operation, contains=said).attempts == asked
    let_time_pass(session, 31)
    assert talk.hear(said)
    assert session.scalar(sa.select(sa.func.count()).where(Breaker.failures > 0)) == 0
    assert talk.voices == "ha"


def test_nothing_that_is_said_is_logged(talk: Talk, ai: Control, log: Log) -> None:
    secret, bad = words(), words()
    reply = talk.hear(secret)
    talk.say(f"{BAD} {bad}")
    ai.fail("text", "401", contains=bad)
    talk.say(bad)
    assert "no reply" in log.text
    for said in (secret, reply, bad):
        assert said not in log.text


@pytest.mark.parametrize("message", [BAD, "Hello?"], ids=["a refused message", "no answer"])
def test_a_moderator_that_works_again_is_trusted_whatever_becomes_of_the_turn(
    talk: Talk, ai: Control, session: Session, message: str
) -> None:
    ai.fail("moderation", "503", times=5)
    assert {talk.say("Hello.").code for _ in range(5)} == {"vendor_unavailable"}
    assert talk.say("Hello.").code == "vendor_resting"
    let_time_pass(session, 31)
    ai.fail("text", "503")
    assert talk.say(message).code in {"blocked", "vendor_unavailable"}
    ai.clear()
    assert talk.hear("Hello.")


def test_a_writer_that_works_again_is_trusted_although_its_reply_is_withheld(
    talk: Talk, ai: Control, session: Session
) -> None:
    ai.fail("text", "503", times=5)
    assert {talk.say("Hello.").code for _ in range(5)} == {"vendor_unavailable"}
    let_time_pass(session, 31)
    ai.fail("moderation", "flagged", after=1)
    assert talk.say("Hello.").code == "reply_withheld"
    assert talk.hear("Hello.")


def test_nobody_talks_with_who_is_deleted_meanwhile(talk: Talk, ai: Control) -> None:
    said = words()
    ai.latency(moderation=1500)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(talk.say, said)
        wait_until(lambda: ai.calls("moderation", contains=said).attempts > 0)
        assert talk.owner.delete(talk.life.path).status == 204
    assert (answer.result().status, answer.result().code) == (404, "persona_not_found")
    assert ai.calls("text", contains=said).attempts == 0
