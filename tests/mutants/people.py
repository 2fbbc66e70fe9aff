"""Mutants of who somebody is, what is theirs, and what they asked their friends."""

from tests.mutants.mutant import Mutant

TOKENS = "chalicelib/auth/tokens.py"
SESSIONS = "chalicelib/auth/services.py"
PERSONAS = "chalicelib/personas/services.py"
CARDS = "chalicelib/personas/reading.py"
SHOWING = "chalicelib/personas/showing.py"
SURVEYS = "chalicelib/analyses/services.py"
RESULTS = "chalicelib/analyses/reading.py"

MUTANTS = (
    Mutant(
        "a token is signed",
        TOKENS,
        old="    if not key.verifies(message, signature):\n",
        new="    if not key:\n",
        tests=("tests/auth/test_forged_tokens.py::test_a_forged_token_is_refused",),
    ),
    Mutant(
        "a token names the one algorithm of its kind",
        TOKENS,
        old='    if header.get("alg") != profile.algorithm:\n        raise InvalidToken("alg")\n',
        tests=("tests/auth/test_forged_tokens.py::test_a_forged_token_is_refused",),
    ),
    Mutant(
        "no kind of token passes for another",
        TOKENS,
        old='    if header.get("typ") not in profile.types:\n        raise InvalidToken("typ")\n',
        tests=("tests/auth/test_forged_tokens.py::test_a_forged_token_is_refused",),
    ),
    Mutant(
        "a token without an audience is not for us",
        TOKENS,
        old="        is_ours = audience == profile.audience\n",
        new="        is_ours = audience in (None, profile.audience)\n",
        tests=("tests/auth/test_forged_tokens.py::test_a_forged_token_is_refused",),
    ),
    Mutant(
        "a token expires",
        TOKENS,
        old="    if expires <= now - profile.leeway:\n",
        new="    if expires <= 0:\n",
        tests=("tests/auth/test_forged_tokens.py::test_a_forged_token_is_refused",),
    ),
    Mutant(
        "unknown keys are looked for once a minute",
        "chalicelib/auth/keysets.py",
        old="        if self._clock() - self._attempted_at < COOLDOWN_SECONDS:\n",
        new="        if self._clock() < self._attempted_at:\n",
        tests=(
            ("tests/auth/test_keysets.py::test_an_unknown_key_is_looked_for_at_most_once_a_minute"),
        ),
    ),
    Mutant(
        "a refresh token that is used again ends the session",
        SESSIONS,
        old="        _revoke(session, RefreshToken.family_id == row.family_id)\n        raise",
        new="        raise",
        tests=("tests/auth/test_sessions.py::test_after_the_grace_a_spent_token_ends_the_session",),
    ),
    Mutant(
        "an ID token signs in once",
        SESSIONS,
        old="    _spend(session, person)\n",
        tests=("tests/auth/test_login.py::test_an_id_token_signs_in_once",),
    ),
    Mutant(
        "no refresh token is stored in clear",
        SESSIONS,
        old="    return sha256(token.encode()).digest()\n",
        new="    return token.encode()\n",
        tests=("tests/auth/test_sessions.py::test_only_hashes_are_stored",),
    ),
    Mutant(
        "another's persona is not found",
        CARDS,
        old='    _personas.c.id == sa.bindparam("persona_id"), '
        '_personas.c.owner_id == sa.bindparam("owner_id")\n',
        new='    _personas.c.id == sa.bindparam("persona_id")\n',
        tests=("tests/core/test_policy.py::test_anothers_id_answers_like_an_absent_one",),
    ),
    Mutant(
        "a private persona is shown to nobody",
        SHOWING,
        old="    _personas.c.visibility != Visibility.PRIVATE,\n",
        tests=("tests/core/test_policy.py::test_anothers_id_answers_like_an_absent_one",),
    ),
    Mutant(
        "one's own persona is read from the primary",
        CARDS,
        old="(row := session.execute(_OWN, mine).one_or_none())",
        new="(row := replica.execute(_OWN, mine).one_or_none())",
        tests=(
            (
                "tests/personas/test_reading.py"
                "::test_cards_come_from_the_replica_and_my_own_from_the_primary"
            ),
        ),
    ),
    Mutant(
        "a persona and the end of its job are published together",
        PERSONAS,
        old="    leases.finish(session, claimed)\n",
        new="    from chalicelib.core.db import transaction\n\n"
        "    with transaction() as another:\n"
        "        leases.finish(another, claimed)\n",
        tests=(
            (
                "tests/workers/test_persona_generator.py"
                "::test_nothing_is_published_for_a_persona_that_waits_for_another_job"
            ),
        ),
    ),
    Mutant(
        "a motto that cannot be had leaves the old one",
        PERSONAS,
        old="            motto=outcome.motto or Persona.motto,\n",
        new="            motto=outcome.motto,\n",
        tests=(
            (
                "tests/workers/test_persona_generator.py"
                "::test_a_motto_that_cannot_be_had_leaves_the_old_one"
            ),
        ),
    ),
    Mutant(
        "a forced generation changes the visibility that it names",
        PERSONAS,
        old="    _show(session, cache, persona, data.visibility or persona.visibility)\n",
        tests=(
            (
                "tests/personas/test_editing.py"
                "::test_a_visibility_that_a_new_wish_changes_is_a_new_version"
            ),
        ),
    ),
    Mutant(
        "a friend answers once",
        "chalicelib/migrations/versions/0002_analyses.py",
        old='            "respondent_hash",\n',
        new='            "respondent_hash",\n            "id",\n',
        tests=("tests/analyses/test_survey.py::test_a_friend_answers_once",),
    ),
    Mutant(
        "nobody answers about themselves",
        SURVEYS,
        old="    if analysis.user_id == caller_id:\n        raise OwnerCannotAnswer\n",
        tests=("tests/analyses/test_survey.py::test_the_owner_cannot_answer",),
    ),
    Mutant(
        "a survey ends",
        SURVEYS,
        old="    if not analysis.is_open(now):\n        raise SurveyClosed\n",
        tests=("tests/analyses/test_survey.py::test_an_ended_survey_is_gone",),
    ),
    Mutant(
        "a survey takes fifty answers",
        SURVEYS,
        old="    if kept > MAX_RESPONSES:\n        raise SurveyFull\n",
        tests=(
            ("tests/analyses/test_survey.py::test_a_survey_takes_fifty_answers_and_not_one_more"),
        ),
    ),
    Mutant(
        "fewer than the owner's minimum of friends show nothing",
        RESULTS,
        old="    if (missing := analysis.min_responses - row.response_count) > 0:\n",
        new="    if (missing := 1 - row.response_count) > 0:\n",
        tests=("tests/analyses/test_results.py::test_two_friends_are_too_few",),
    ),
    Mutant(
        "another's analysis is not found",
        RESULTS,
        old='    Analysis.id == sa.bindparam("analysis_id"), '
        'Analysis.user_id == sa.bindparam("owner_id")\n',
        new='    Analysis.id == sa.bindparam("analysis_id")\n',
        tests=("tests/core/test_policy.py::test_anothers_id_answers_like_an_absent_one",),
    ),
    Mutant(
        "a survey's link is not stored",
        "chalicelib/analyses/tokens.py",
        old="    return sha256(token.encode()).digest()\n",
        new="    return token.encode()[:32]\n",
        tests=("tests/analyses/test_owner.py::test_only_the_hash_of_the_link_is_stored",),
    ),
)
