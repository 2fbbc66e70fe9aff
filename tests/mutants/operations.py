"""Mutants of what can be seen of the system: traces and metrics."""

from tests.mutants.mutant import Mutant

TRACES = "tests/operations/test_traces.py"
METRICS = "tests/operations/test_metrics.py"
PACKAGE = "tests/operations/test_package.py"

MUTANTS = (
    Mutant(
        "a message carries the trace that it was sent in",
        "chalicelib/adapters/sqs.py",
        old="                    **_trace(),\n",
        tests=(f"{TRACES}::test_one_trace_leads_from_the_request_to_the_vendors",),
    ),
    Mutant(
        "what is not sampled is not told",
        "chalicelib/core/tracing.py",
        old="if place is None or not place.is_sampled or not daemon:",
        new="if place is None or not daemon:",
        tests=(f"{TRACES}::test_what_is_not_sampled_is_not_told_but_stays_one_trace",),
    ),
    Mutant(
        "a refusal is no error of the vendor's",
        "chalicelib/jobs/measures.py",
        old="    except (VendorUnavailable, VendorRejected):",
        new="    except Exception:",
        tests=(f"{METRICS}::test_a_vendor_that_fails_is_counted_and_one_that_refuses_is_not",),
    ),
    Mutant(
        "a job that waits for its time is not old",
        "chalicelib/workers/gauges.py",
        old=" AND queued_at <= now()",
        tests=(
            f"{METRICS}::test_the_age_of_the_oldest_job_is_told",
            f"{METRICS}::test_a_job_that_waits_for_its_time_is_not_old",
        ),
    ),
    Mutant(
        "a package that has no wheel for Lambda stops the packaging",
        "scripts/package.py",
        old="    if missing:\n",
        new="    if not wanted:\n",
        tests=(f"{PACKAGE}::test_every_requirement_has_to_be_there",),
    ),
    Mutant(
        "the same commit makes the same zip",
        "scripts/package.py",
        old="ZipInfo(path.relative_to(task).as_posix(), DATE)",
        new="ZipInfo.from_file(path, path.relative_to(task).as_posix(), strict_timestamps=False)",
        tests=(f"{PACKAGE}::test_equal_contents_make_equal_bytes",),
    ),
)
