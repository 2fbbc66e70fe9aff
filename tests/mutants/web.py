"""Mutants of what every request has in common, and of what is logged."""

from tests.mutants.mutant import Mutant

API = "chalicelib/core/api.py"
HTTP = "chalicelib/core/http.py"
SIGNATURES = "chalicelib/core/signatures.py"

MUTANTS = (
    Mutant(
        "a body has a limit",
        HTTP,
        old="    if len(raw) > limit:\n",
        new="    if len(raw) > 100 * limit:\n",
        tests=("tests/core/test_bad_input.py", "tests/analyses/test_survey.py"),
    ),
    Mutant(
        "a body is JSON by its type",
        HTTP,
        old='    if raw and media_type != "application/json":\n',
        new="    if raw and not media_type:\n",
        tests=("tests/core/test_bad_input.py",),
    ),
    Mutant(
        "an unchanged answer is told from a changed one",
        HTTP,
        old='    return "*" in listed or etag.removeprefix("W/") in listed\n',
        new='    return header != ""\n',
        tests=("tests/personas/test_reading.py",),
    ),
    Mutant(
        "only the origins that are listed may read an answer",
        API,
        old="    if origin is None or origin not in settings().cors_origins:\n",
        new="    if origin is None:\n",
        tests=("tests/core/test_api.py",),
    ),
    Mutant(
        "an error that the framework makes has the shape of ours",
        API,
        old="            answer = _problem_if_foreign(super().__call__(event, context))\n",
        new="            answer = super().__call__(event, context)\n",
        tests=("tests/core/test_api.py",),
    ),
    Mutant(
        "an error shows nothing of the row that the database objects to",
        "chalicelib/core/db.py",
        old="        _forget_the_row(error)\n",
        tests=("tests/core/test_logs.py",),
    ),
    Mutant(
        "no token is logged",
        "chalicelib/auth/guards.py",
        old='extra={"reason": error.reason}',
        new='extra={"reason": error.reason, "token": token}',
        tests=("tests/core/test_logs.py",),
    ),
    Mutant(
        "what a client sends in an address is not logged",
        API,
        old='"route": about.get("resourcePath"),',
        new='"route": event.get("path"),',
        tests=("tests/core/test_logs.py",),
    ),
    Mutant(
        "a refusal takes back what its transaction wrote, unless it says otherwise",
        "chalicelib/core/db.py",
        old="            if not error.keeps_changes:\n                raise\n",
        tests=("tests/core/test_db.py",),
    ),
    Mutant(
        "a webhook is believed by its signature",
        SIGNATURES,
        old='    if not any(found):\n        raise SignatureInvalid("signature")\n',
        tests=("tests/core/test_signatures.py",),
    ),
    Mutant(
        "a webhook of another time is not believed",
        SIGNATURES,
        old=" or abs(now - int(sent)) > TOLERANCE_SECONDS:",
        new=":",
        tests=("tests/core/test_signatures.py",),
    ),
    Mutant(
        "whoever saw an older version changes nothing",
        "chalicelib/core/preconditions.py",
        old="            raise PreconditionFailed\n",
        new="            pass\n",
        tests=("tests/personas/test_editing.py",),
    ),
    Mutant(
        "nobody calls a guarded route without a token",
        "chalicelib/auth/guards.py",
        old='    return signed_in(headers) if "authorization" in headers else None\n',
        new="    try:\n        return signed_in(headers)\n    except Unauthenticated:\n"
        "        return None\n",
        tests=("tests/core/test_policy.py",),
    ),
)
