"""Mutants of what is said, and of who reads it."""

from tests.mutants.mutant import Mutant

TURNS = "chalicelib/conversations/turns.py"
CHATTING = "chalicelib/conversations/chatting.py"
FAILURES = "tests/conversations/test_failures.py"

MUTANTS = (
    Mutant(
        "a key leads to the message that it has sent",
        TURNS,
        old="    sent = _sent(session, talk.id, attempt)\n",
        new="    sent = None\n",
        tests=(f"{FAILURES}::test_two_messages_without_an_answer_are_answered_together",),
    ),
    Mutant(
        "what was answered under a key is answered the same again",
        TURNS,
        old="    return Sent(UUID(noted[0]), noted[1])\n",
        new="    return None\n",
        tests=("tests/conversations/test_turns.py::test_two_sends_with_one_key_are_one_turn",),
    ),
    Mutant(
        "a message that has no answer is answered, not said twice",
        TURNS,
        old="    if last.content == content:\n        return int(talk.next_seq - 1)\n",
        tests=(
            (
                "tests/conversations/test_turns.py"
                "::test_a_vendor_that_fails_leaves_the_message_to_be_answered"
            ),
        ),
    ),
    Mutant(
        "a talk is written into under its lock alone",
        "chalicelib/conversations/talks.py",
        old="== conversation_id).with_for_update()\n",
        new="== conversation_id)\n",
        tests=(
            ("tests/conversations/test_turns.py::test_many_who_speak_at_once_are_heard_one_by_one"),
        ),
    ),
    Mutant(
        "who wakes up too late says nothing more",
        TURNS,
        old="    if not spending.end(session, [turn], texts=texts):\n        raise TurnLost\n",
        new="    spending.end(session, [turn], texts=texts)\n",
        tests=(f"{FAILURES}::test_who_wakes_up_too_late_says_nothing_more",),
    ),
    Mutant(
        "a turn that fails is no text of the day",
        TURNS,
        old="    _end(session, begun, ended, texts=0)\n",
        new="    _end(session, begun, ended, texts=1)\n",
        tests=(
            (
                "tests/conversations/test_turns.py"
                "::test_a_vendor_that_fails_leaves_the_message_to_be_answered"
            ),
        ),
    ),
    Mutant(
        "what a persona is about to say is judged first",
        CHATTING,
        old="        _judge(text, reply, clock)\n",
        new="        pass\n",
        tests=(f"{FAILURES}::test_a_reply_that_is_refused_is_withheld",),
    ),
    Mutant(
        "what the vendor refuses is never told to a model again",
        TURNS,
        old="    AND message.seq > talk.summary_upto_seq AND message.moderation = 'ok'\n",
        new="    AND message.seq > talk.summary_upto_seq\n",
        tests=(f"{FAILURES}::test_what_the_vendor_refuses_is_blocked_and_out_of_the_context",),
    ),
    Mutant(
        "a replica that lacks one's last words is not believed",
        "chalicelib/conversations/history.py",
        old="    if not (rows and rows[0].is_fresh):\n",
        new="    if not rows:\n",
        tests=(
            (
                "tests/conversations/test_history.py"
                "::test_what_was_just_said_is_there_while_the_replica_shows_nothing"
            ),
        ),
    ),
    Mutant(
        "a long talk costs no more at its end than before",
        CHATTING,
        old="            pool.submit(copy_context().run, _fold_aside, text, calls, past, clock)\n",
        new="            pass\n",
        tests=(
            (
                "tests/conversations/test_context.py"
                "::test_a_long_talk_costs_no_more_at_its_end_than_before"
            ),
        ),
    ),
    Mutant(
        "what cannot be folded is not thrown away",
        "chalicelib/conversations/context.py",
        old="    told = [Line(each.voice, each.content) for each in past.said]\n",
        new="    told = [Line(each.voice, each.content) for each in past.said[-4:]]\n",
        tests=(
            (
                "tests/conversations/test_context.py"
                "::test_a_fold_that_fails_loses_nothing_and_is_tried_again"
            ),
        ),
    ),
    Mutant(
        "a moderator that works again is trusted, whatever becomes of the turn",
        CHATTING,
        old="        raise Blocked from error\n    _trust(text.moderating)\n",
        new="        raise Blocked from error\n",
        tests=(
            (
                f"{FAILURES}"
                "::test_a_moderator_that_works_again_is_trusted_whatever_becomes_of_the_turn"
            ),
        ),
    ),
    Mutant(
        "no model is told half of a persona's rules",
        "chalicelib/conversations/prompts.py",
        old="    if stored.system_prompt is None:\n        raise PersonaNotFound\n",
        tests=(f"{FAILURES}::test_nobody_talks_with_who_is_deleted_meanwhile",),
    ),
    Mutant(
        "a vendor that drips is given up",
        "chalicelib/adapters/openai.py",
        old="            if time.monotonic() > self._ends_at:\n",
        new="            if False:\n",
        tests=("tests/adapters/test_openai.py::test_a_vendor_that_drips_is_given_up",),
    ),
)
