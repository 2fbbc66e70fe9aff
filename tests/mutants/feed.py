"""Mutants of what anybody may find, what people do with it, and how two personas go together."""

from tests.mutants.mutant import Mutant

MIGRATION = "chalicelib/migrations/versions/0009_feed.py"
ENGAGEMENT = "chalicelib/social/feed/engagement.py"
FEED = "chalicelib/social/feed/services.py"
PAIRS = "chalicelib/social/pairs/services.py"

MUTANTS = (
    Mutant(
        "what is taken back leaves every list in the same transaction",
        MIGRATION,
        old="                DELETE FROM feed_entries WHERE persona_id = NEW.id;\n",
        tests=(
            ("tests/social/test_feed.py::test_what_is_taken_back_is_gone_at_once_from_every_list"),
        ),
    ),
    Mutant(
        "only what its owner has made public is listed",
        MIGRATION,
        old="        \"NEW.visibility = 'public' AND NEW.published_at IS NOT NULL AND ",
        new="        \"NEW.visibility <> 'private' AND NEW.published_at IS NOT NULL AND ",
        tests=("tests/social/test_feed.py::test_only_who_has_opted_in_is_listed",),
    ),
    Mutant(
        "the feed is read from the primary",
        "chalicelib/social/feed/routes.py",
        old="def list_feed(session: Session, ports: Ports, query: FeedQuery) -> FeedPage:\n"
        '    """List the personas that their owners have made public."""\n'
        "    return services.list_feed(session,",
        new="def list_feed(replica: Session, ports: Ports, query: FeedQuery) -> FeedPage:\n"
        '    """List the personas that their owners have made public."""\n'
        "    return services.list_feed(replica,",
        tests=(
            ("tests/social/test_feed.py::test_what_is_taken_back_is_gone_at_once_from_every_list"),
        ),
    ),
    Mutant(
        "a page begins after the row that its cursor names, not after its value",
        "chalicelib/social/feed/keyset.py",
        old="    if start.is_forward:\n        return wanted.where(here < place)",
        new="    if start.is_forward:\n        return wanted.where(column < start.value)",
        tests=("tests/social/test_feed.py::test_pages_hold_everything_once_in_both_directions",),
    ),
    Mutant(
        "a cursor serves the list that gave it",
        "chalicelib/social/feed/cursors.py",
        old="        if found != listing or not isinstance(is_forward, bool):\n",
        new="        if not isinstance(is_forward, bool):\n",
        tests=("tests/social/test_feed.py::test_a_cursor_of_another_list_is_refused",),
    ),
    Mutant(
        "a cursor's moment is told as every server reads it",
        "chalicelib/social/feed/cursors.py",
        old="    return moment.astimezone(UTC)\n",
        new="    return moment\n",
        tests=("tests/social/test_feed.py::test_a_moment_is_the_same_wherever_it_is_told",),
    ),
    Mutant(
        "a view counts once a day",
        ENGAGEMENT,
        old="    return len(session.execute(added.returning(_events.c.id)).all())\n",
        new="    session.execute(added)\n    return 1\n",
        tests=("tests/social/test_engagement.py::test_fifty_at_once_by_one_person_count_once",),
    ),
    Mutant(
        "nobody votes for what is being taken back",
        ENGAGEMENT,
        old="session.scalar(wanted.with_for_update(key_share=True))",
        new="session.scalar(wanted)",
        tests=(
            (
                "tests/social/test_engagement.py"
                "::test_a_vote_for_what_is_being_taken_back_is_too_late"
            ),
        ),
    ),
    Mutant(
        "an upvote takes the place of a downvote",
        ENGAGEMENT,
        old="        changes[opposite] = -1\n",
        new="        pass\n",
        tests=("tests/social/test_engagement.py::test_what_is_done_is_counted",),
    ),
    Mutant(
        "nobody votes for their own persona",
        ENGAGEMENT,
        old="        raise OwnPersona\n",
        new="        pass\n",
        tests=(
            (
                "tests/social/test_engagement.py"
                "::test_owners_neither_vote_for_their_own_nor_count_as_viewers"
            ),
        ),
    ),
    Mutant(
        "counts are taken while votes wait",
        MIGRATION,
        old="            PERFORM FROM feed_entries "
        "WHERE persona_id = NEW.id AND tag = '' FOR UPDATE;\n",
        tests=("tests/social/test_engagement.py::test_tags_and_votes_that_race_agree",),
    ),
    Mutant(
        "chemistry is between personas that the caller may see",
        PAIRS,
        old="        IS_SHOWN,\n        sa.and_(\n            _personas.c.owner_id",
        new="        _personas.c.published_at.is_not(None),\n        sa.and_(\n"
        "            _personas.c.owner_id",
        tests=("tests/social/test_pairs.py::test_what_the_caller_may_not_see_is_not_found",),
    ),
    Mutant(
        "chemistry is the same from both sides",
        "chalicelib/social/chemistry.py",
        old="    likeness, level = 1 - abs(one - other), (one + other) / 2\n",
        new="    likeness, level = 1 - abs(one - other), one\n",
        tests=("tests/social/test_chemistry.py::test_it_is_the_same_from_both_sides",),
    ),
    Mutant(
        "a kept score belongs to its two profiles",
        PAIRS,
        old='    key = key_of("chemistry", FORM, MODEL.version, *profiles)\n',
        new='    key = key_of("chemistry", FORM, MODEL.version)\n',
        tests=("tests/social/test_pairs.py::test_new_traits_are_a_new_answer",),
    ),
)
