"""Mutants of what every request has in common, and of what is logged."""

from tests.mutants.mutant import Mutant

API = "chalicelib/core/api.py"
HTTP = "chalicelib/core/http.py"
SIGNATURES = "chalicelib/core/signatures.py"
WEBHOOKS = "chalicelib/workers/webhooks.py"
NOTICES = "chalicelib/notices/services.py"

MUTANTS = (
    Mutant(
        "a body has a limit",
        HTTP,
        old="    if len(raw) > limit:\n",
        new="    if len(raw) > 100 * limit:\n",
        tests=("tests/core/test_bad_input.py::test_a_bad_body_is_explained",),
    ),
    Mutant(
        "an unchanged answer is told from a changed one",
        "chalicelib/core/answers.py",
        old='    return "*" in listed or etag.removeprefix("W/") in listed\n',
        new='    return header != ""\n',
        tests=("tests/personas/test_reading.py::test_a_changed_poll_is_answered_in_full",),
    ),
    Mutant(
        "only the origins that are listed may read an answer",
        API,
        old="    if origin is None or origin not in settings().cors_origins:\n",
        new="    if origin is None:\n",
        tests=("tests/core/test_api.py::test_another_origin_is_not_allowed",),
    ),
    Mutant(
        "an error that the framework makes has the shape of ours",
        API,
        old="            answer = _problem_if_foreign(super().__call__(event, context))\n",
        new="            answer = super().__call__(event, context)\n",
        tests=("tests/core/test_api.py::test_an_error_of_the_framework_is_a_problem_too",),
    ),
    Mutant(
        "an error shows nothing of the row that the database objects to",
        "chalicelib/core/db.py",
        old="        _forget_the_row(error)\n",
        tests=("tests/core/test_logs.py::test_a_fault_of_the_api_is_logged_without_its_data",),
    ),
    Mutant(
        "no token is logged",
        "chalicelib/auth/guards.py",
        old='extra={"reason": error.reason}',
        new='extra={"reason": error.reason, "token": token}',
        tests=("tests/core/test_logs.py::test_a_refused_request_is_not_logged",),
    ),
    Mutant(
        "a refusal takes back what its transaction wrote, unless it says otherwise",
        "chalicelib/core/db.py",
        old="            if not error.keeps_changes:\n                raise\n",
        tests=(
            (
                "tests/core/test_db.py"
                "::test_an_error_takes_everything_back_and_nothing_comes_after_it"
            ),
        ),
    ),
    Mutant(
        "a webhook is believed by its signature",
        SIGNATURES,
        old='    if not any(found):\n        raise SignatureInvalid("signature")\n',
        tests=("tests/core/test_signatures.py::test_a_header_that_is_not_quite_right_is_refused",),
    ),
    Mutant(
        "a webhook of another time is not believed",
        SIGNATURES,
        old=" or abs(now - int(sent)) > TOLERANCE_SECONDS:",
        new=":",
        tests=("tests/core/test_signatures.py::test_a_message_of_another_time_is_not_believed",),
    ),
    Mutant(
        "whoever saw an older version changes nothing",
        "chalicelib/core/preconditions.py",
        old="            raise PreconditionFailed\n",
        new="            pass\n",
        tests=(
            ("tests/personas/test_editing.py::test_whoever_saw_an_older_version_changes_nothing"),
        ),
    ),
    Mutant(
        "nobody calls a guarded route without a token",
        "chalicelib/auth/guards.py",
        old='    return signed_in(headers) if "authorization" in headers else None\n',
        new="    try:\n        return signed_in(headers)\n    except Unauthenticated:\n"
        "        return None\n",
        tests=("tests/core/test_policy.py::test_a_bad_token_is_refused_everywhere",),
    ),
    Mutant(
        "a webhook of ours is signed",
        WEBHOOKS,
        old="headers = signed(identity, content, keys=keys,",
        new="headers = signed(identity, content, keys=[],",
        tests=("tests/jobs/test_webhooks.py::test_a_success_is_told_and_names_the_persona",),
    ),
    Mutant(
        "a webhook that is sent again has the id that it had",
        WEBHOOKS,
        old='identity = f"msg_{run.claim.job_id.hex}"',
        new='identity = f"msg_{run.claim.job_id.hex}_{run.claim.attempt}"',
        tests=(
            (
                "tests/jobs/test_redelivery.py"
                "::test_a_receiver_that_fails_is_told_again_under_the_same_id"
            ),
        ),
    ),
    Mutant(
        "no webhook is wanted at a private address",
        "chalicelib/core/addresses.py",
        old="    if not (is_public(origin.host) if is_address(origin.host) "
        "else _is_abroad(origin.host)):\n",
        new="    if not origin.host:\n",
        tests=("tests/jobs/test_webhook_urls.py::test_where_no_webhook_may_go_nothing_is_started",),
    ),
    Mutant(
        "a job's end is told to whoever asked",
        "chalicelib/jobs/endings.py",
        old="    announce(session, job_ids=job_ids)\n",
        tests=("tests/jobs/test_webhooks.py::test_a_success_is_told_and_names_the_persona",),
    ),
    Mutant(
        "a vendor's notice counts once",
        NOTICES,
        old="    if job is None or not _is_new(session, notice):\n",
        new="    if job is None or not (_is_new(session, notice) or notice):\n",
        tests=("tests/notices/test_replicate.py::test_a_notice_that_comes_again_does_nothing",),
    ),
    Mutant(
        "a vendor's notice is of the order that it was asked about",
        NOTICES,
        old='        raise _refused("token")\n',
        new="        pass\n",
        tests=("tests/notices/test_replicate.py::test_a_notice_for_a_foreign_job_is_refused",),
    ),
)
