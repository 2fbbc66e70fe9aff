"""Mutants of the adapters, and of what the worker makes of what they bring."""

from tests.mutants.mutant import Mutant

OPENAI = "chalicelib/adapters/openai.py"
DOWNLOAD = "chalicelib/adapters/download.py"
S3 = "chalicelib/adapters/s3.py"
GENERATOR = "chalicelib/workers/persona_generator.py"
PORTRAIT = "chalicelib/workers/portrait.py"
PORTRAITS = "chalicelib/personas/portraits.py"

TOLD = "tests/adapters/test_openai.py::test_a_fault_has_its_error_its_price_and_no_hidden_retry"

MUTANTS = (
    Mutant(
        "the SDK asks once: retries are the queue's",
        OPENAI,
        old="        max_retries=0,\n",
        new="        max_retries=1,\n",
        tests=(f"{TOLD}[text 500 x1]",),
    ),
    Mutant(
        "a refusal by policy is told from a call that cannot be served",
        OPENAI,
        old="    if code in REFUSALS:\n        return ContentRefused(used={})\n",
        tests=(f"{TOLD}[image moderation_blocked x1]",),
    ),
    Mutant(
        "a refusal in words is a refusal",
        OPENAI,
        old='if choice.message.refusal or choice.finish_reason == "content_filter":',
        new='if choice.finish_reason == "content_filter":',
        tests=(f"{TOLD}[text refusal x1]",),
    ),
    Mutant(
        "an account without credit is not asked again and again",
        OPENAI,
        old="    if is_passing and code != SPENT:\n",
        new="    if is_passing:\n",
        tests=(f"{TOLD}[text insufficient_quota x1]",),
    ),
    Mutant(
        "a download follows no redirect",
        DOWNLOAD,
        old="        if response.status != OK:\n            raise ImageRejected\n",
        tests=("tests/adapters/test_download_answers.py::test_a_redirect_is_not_followed",),
    ),
    Mutant(
        "a private address is not downloaded from",
        "chalicelib/adapters/pinned.py",
        old="    if not is_named and not all(map(is_public, addresses)):\n",
        new="    if not is_named and not addresses:\n",
        tests=(
            (
                "tests/adapters/test_download.py"
                "::test_a_name_of_the_list_that_leads_to_a_private_address_is_refused"
            ),
        ),
    ),
    Mutant(
        "an unlisted host is not downloaded from",
        DOWNLOAD,
        old="        if not any(matches(target.origin, source) for source in self._sources):\n",
        new="        if not self._sources:\n",
        tests=("tests/adapters/test_download.py::test_a_hostile_url_connects_to_nobody",),
    ),
    Mutant(
        "a download has an end",
        DOWNLOAD,
        old="            if len(content) > self._max_bytes:\n",
        new="            if len(content) > 1000 * self._max_bytes:\n",
        tests=("tests/adapters/test_download_answers.py::test_a_body_may_be_as_long_as_the_limit",),
    ),
    Mutant(
        "a stored picture is never replaced",
        S3,
        old='                IfNoneMatch="*",\n',
        tests=("tests/adapters/test_s3.py::test_what_is_there_is_not_replaced",),
    ),
    Mutant(
        "a signed link lives for a minute",
        S3,
        old="SIGNED_FOR = timedelta(seconds=60)",
        new="SIGNED_FOR = timedelta(hours=1)",
        tests=(
            (
                "tests/adapters/test_s3.py"
                "::test_a_signed_url_is_for_one_minute_in_the_fourth_version"
            ),
        ),
    ),
    Mutant(
        "a vendor's picture is drawn anew",
        PORTRAITS,
        old="    return described(out.getvalue())\n",
        new="    return described(content if content[:2] == b'\\xff\\xd8' else out.getvalue())\n",
        tests=("tests/personas/test_portraits.py::test_only_the_pixels_go_on",),
    ),
    Mutant(
        "a picture over 4096 pixels a side is rejected",
        PORTRAITS,
        old="if max(image.size) > MAX_SIDE or ",
        new="if ",
        tests=("tests/personas/test_portraits.py::test_anything_else_is_rejected",),
    ),
    Mutant(
        "nothing is asked for that moderation has not passed",
        GENERATOR,
        old="    moderate(run, wish)\n    subject = about(wish, scored)\n",
        new="    subject = about(wish, scored)\n",
        tests=(
            (
                "tests/workers/test_persona_generator.py"
                "::test_the_name_is_moderated_before_anything_is_asked_for"
            ),
        ),
    ),
    Mutant(
        "moderation counts as passed once it has passed, not before",
        GENERATOR,
        old="    passed = run.buy(\n",
        new='    run.record(step="synthesise", progress=15, moderated={"passed": True})\n'
        "    passed = run.buy(\n",
        tests=(
            (
                "tests/workers/test_persona_generator.py"
                "::test_a_moderation_that_failed_is_asked_again"
            ),
        ),
    ),
    Mutant(
        "a character that was recorded is not paid for again",
        "chalicelib/workers/character.py",
        old='    if (recorded := run.recorded("character")) is not None:\n'
        "        return dict(recorded)\n",
        tests=(
            (
                "tests/workers/test_persona_generator.py"
                "::test_what_was_written_is_not_paid_for_again"
            ),
        ),
    ),
    Mutant(
        "a superseded generation pays for nothing",
        GENERATOR,
        old="        require_newest(session, run.claim)\n",
        new="        pass\n",
        tests=(
            (
                "tests/workers/test_persona_generator.py"
                "::test_a_generation_that_was_superseded_pays_for_nothing"
            ),
        ),
    ),
    Mutant(
        "a refused picture is not ordered from the other vendor",
        PORTRAIT,
        old="        except VendorRejected as error:\n",
        new="        except Exception as error:\n",
        tests=(
            (
                "tests/workers/test_provider_faults.py"
                "::test_a_fault_comes_to_what_the_table_says[image moderation_blocked 1]"
            ),
        ),
    ),
    Mutant(
        "a portrait that a dead attempt stored is adopted, not paid for again",
        PORTRAIT,
        old="    portrait = _left_behind(key) if recorded else None\n",
        new="    portrait = None\n",
        tests=(("tests/campaigns/test_crash.py::test_killed_at[dall-e: PUT]"),),
    ),
    Mutant(
        "a picture that was ordered is collected, not ordered again",
        PORTRAIT,
        old='    if "reference" in recorded:\n',
        new='    if "reference" in recorded and run.claim.attempt == 0:\n',
        tests=(
            (
                "tests/workers/test_crashes.py"
                "::test_killed_while_a_prediction_runs_the_same_prediction_is_collected"
            ),
        ),
    ),
)
