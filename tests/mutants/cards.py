"""Mutants of what anybody may see, and of the cache that it comes from."""

from tests.mutants.mutant import Mutant

SHOWING = "chalicelib/personas/showing.py"
CARDS = "chalicelib/core/cards.py"
CACHE = "chalicelib/core/cache.py"
VALKEY = "chalicelib/adapters/valkey.py"
SEEN = "tests/social/test_cards.py"
ENDED = "tests/social/test_withdrawal.py"

MUTANTS = (
    Mutant(
        "a card that its owner withdraws is gone",
        SHOWING,
        old="        withdraw(session, cache, *keys)\n",
        new="        pass\n",
        tests=(f"{ENDED}::test_what_is_withdrawn_cannot_be_seen_anywhere",),
    ),
    Mutant(
        "whether a card is shown is asked of the primary",
        SHOWING,
        old="(found := session.execute(door.found, asked)",
        new="(found := replica.execute(door.found, asked)",
        tests=(f"{ENDED}::test_what_is_withdrawn_cannot_be_seen_anywhere",),
    ),
    Mutant(
        "an unlisted persona is nobody's profile",
        SHOWING,
        old="_personas.c.visibility == Visibility.PUBLIC)",
        new="sa.true())",
        tests=(f"{SEEN}::test_who_shows_nothing_is_not_found",),
    ),
    Mutant(
        "a reader who is late leaves nothing in the cache",
        VALKEY,
        old="if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end\n",
        tests=(f"{ENDED}::test_a_reader_who_is_late_leaves_nothing_behind",),
    ),
    Mutant(
        "the place of a card is held before the change is committed",
        CARDS,
        old="    is_held = cache.hold(*keys, mark=_HELD, seconds=HOLD_SECONDS)\n",
        new="    is_held = True\n",
        tests=(f"{ENDED}::test_an_end_is_seen_although_the_last_word_of_it_is_lost",),
    ),
    Mutant(
        "nobody is told of an end that the cache does not know of",
        CARDS,
        old="        time.sleep(CARD_SECONDS + CLAIM_SECONDS)\n",
        new="        pass\n",
        tests=(f"{ENDED}::test_nobody_is_told_of_an_end_that_the_cache_does_not_know_of",),
    ),
    Mutant(
        "what lies under a key was sealed for it",
        CACHE,
        old='    return f"cache {key}".encode()\n',
        new='    return b"cache"\n',
        tests=(f"{SEEN}::test_rubbish_in_the_cache_is_not_believed_and_swept_away",),
    ),
    Mutant(
        "an answer that drips ends with the budget",
        VALKEY,
        old="            self._opened.settimeout(_left())\n",
        new="            pass\n",
        tests=(("tests/adapters/test_valkey.py::test_a_request_waits_no_longer_than_its_budget"),),
    ),
    Mutant(
        "a cache that has failed is left alone for a while",
        VALKEY,
        old="                self._rests_until = self._clock() + REST_SECONDS\n",
        tests=(
            (
                "tests/adapters/test_valkey.py::test_a_cache_that_has_failed_is_left_alone_for_a_while"
            ),
        ),
    ),
    Mutant(
        "a profile ends with the choice of another persona",
        "chalicelib/auth/services.py",
        old="        withdraw(session, cache, profile_key(user_id))\n",
        tests=(f"{ENDED}::test_a_profile_ends_with_the_choice_of_another_persona",),
    ),
    Mutant(
        "without the replica the primary answers",
        "chalicelib/core/http.py",
        old='            if "replica" not in self.given or not db.rest_replica():\n',
        new="            if True:\n",
        tests=(f"{SEEN}::test_while_the_replica_is_gone_the_primary_answers",),
    ),
)
