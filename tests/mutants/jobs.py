"""Mutants of the job's lease, its sweeper and its queue."""

from tests.mutants.mutant import Mutant

LEASES = "chalicelib/jobs/leases.py"
SWEEPER = "chalicelib/workers/sweeper.py"
SERVICES = "chalicelib/jobs/services.py"
RUNNER = "chalicelib/jobs/runner.py"
SQS = "chalicelib/adapters/sqs.py"

RETRY_AFTER = (
    "tests/workers/test_provider_faults.py"
    "::test_a_vendor_that_asks_for_time_is_given_it_and_not_much_more"
)

MUTANTS = (
    Mutant(
        "a worker whose fence was raised writes nothing",
        LEASES,
        old='            Job.fence == sa.bindparam("claimed_fence"),\n',
        tests=("tests/jobs/test_leases.py::test_a_zombie_writes_nothing",),
    ),
    Mutant(
        "of many claims one succeeds, while the lease lasts",
        LEASES,
        old="sa.and_(Job.status == JobStatus.RUNNING, Job.lease_until < sa.func.now()),",
        new="Job.status == JobStatus.RUNNING,",
        tests=("tests/jobs/test_leases.py::test_of_fifty_claims_at_once_one_succeeds",),
    ),
    Mutant(
        "a record renews the lease",
        LEASES,
        old="    lease_until=_LEASE,\n    checkpoint=",
        new="    checkpoint=",
        tests=("tests/jobs/test_leases.py::test_recording_renews_the_lease",),
    ),
    Mutant(
        "spent attempts are not claimed",
        LEASES,
        old="        _IS_FREE,\n        Job.attempt < Job.max_attempts,\n",
        new="        _IS_FREE,\n",
        tests=("tests/jobs/test_leases.py::test_spent_attempts_are_not_claimed",),
    ),
    Mutant(
        "nothing past its deadline is claimed",
        LEASES,
        old="        Job.deadline > sa.func.now(),\n",
        tests=("tests/jobs/test_leases.py::test_nothing_past_its_deadline_is_claimed",),
    ),
    Mutant(
        "steps that are recorded at the same time are both kept",
        LEASES,
        old='checkpoint=Job.checkpoint.op("||")(_PATCH)',
        new="checkpoint=_PATCH",
        tests=("tests/jobs/test_leases.py::test_two_steps_recorded_at_once_are_both_kept",),
    ),
    Mutant(
        "a job of another kind is left to its own worker",
        LEASES,
        old="        _IS_OURS,\n",
        tests=(
            (
                "tests/workers/test_dead_letters.py"
                "::test_a_job_of_another_kind_is_left_to_its_own_worker"
            ),
        ),
    ),
    Mutant(
        "a dead worker's job is queued again",
        SWEEPER,
        old="abandoned = leases.requeue_abandoned(session)",
        new="abandoned: list[object] = []",
        tests=("tests/jobs/test_leases.py::test_the_sweeper_queues_what_a_dead_worker_left",),
    ),
    Mutant(
        "what is past its deadline fails",
        SWEEPER,
        old="overdue = leases.fail_overdue(session)",
        new="overdue: list[object] = []",
        tests=("tests/jobs/test_leases.py::test_the_sweeper_fails_what_is_past_its_deadline",),
    ),
    Mutant(
        "a job whose last attempt died fails",
        SWEEPER,
        old="exhausted = leases.fail_exhausted(session)",
        new="exhausted: list[object] = []",
        tests=("tests/jobs/test_leases.py::test_the_sweeper_gives_up_after_the_last_attempt",),
    ),
    Mutant(
        "a job whose message was lost is sent again",
        SWEEPER,
        old="unheard = leases.list_unheard(session, limit=BATCH)",
        new="unheard: list[tuple[object, str]] = []",
        tests=(
            ("tests/jobs/test_leases.py::test_a_sent_job_is_not_sent_again_before_it_seems_lost"),
        ),
    ),
    Mutant(
        "a message is sent after the commit, never before",
        SERVICES,
        old="    after_commit(session, lambda: send_job(queue, job_id=job.id, kind=kind.name))\n",
        new="    send_job(queue, job_id=job.id, kind=kind.name)\n",
        tests=("tests/jobs/test_services.py::test_a_job_that_is_taken_back_is_never_heard_of",),
    ),
    Mutant(
        "another's job is not found",
        SERVICES,
        old="sa.select(Job).where(Job.id == job_id, Job.owner_id == owner_id)",
        new="sa.select(Job).where(Job.id == job_id)",
        tests=("tests/core/test_policy.py::test_anothers_id_answers_like_an_absent_one",),
    ),
    Mutant(
        "only its owner has a job tried again",
        SERVICES,
        old="            Job.owner_id == owner_id,\n            Job.status == JobStatus.FAILED,\n",
        new="            Job.status == JobStatus.FAILED,\n",
        tests=(
            (
                "tests/workers/test_persona_generator.py"
                "::test_a_retry_has_all_its_time_and_only_its_owner_asks_for_it"
            ),
        ),
    ),
    Mutant(
        "a retry has all its time",
        SERVICES,
        old="            deadline=sa.func.now() + _time_allowed(),\n",
        tests=(
            (
                "tests/workers/test_persona_generator.py"
                "::test_a_retry_has_all_its_time_and_only_its_owner_asks_for_it"
            ),
        ),
    ),
    Mutant(
        "a refusal is not retryable",
        SERVICES,
        old='            Job.error["retryable"].as_boolean(),\n',
        tests=("tests/jobs/test_routes.py::test_a_refusal_is_not_retried",),
    ),
    Mutant(
        "what a vendor rejects for good is not tried again",
        RUNNER,
        old="        except Unavailable as error:\n",
        new="        except DomainError as error:\n",
        tests=(
            (
                "tests/workers/test_provider_faults.py"
                "::test_a_fault_comes_to_what_the_table_says[moderation 401 1]"
            ),
        ),
    ),
    Mutant(
        "a vendor that asks for time is given it",
        RUNNER,
        old="return timedelta(seconds=error.retry_after) * (1 +",
        new="return timedelta() * (1 +",
        tests=(RETRY_AFTER,),
    ),
    Mutant(
        "a message that names no job is done with",
        RUNNER,
        old="        except ValidationError:\n",
        new="        except KeyError:\n",
        tests=(
            (
                "tests/workers/test_dead_letters.py"
                "::test_a_message_that_names_no_job_is_said_so_of_and_done_with"
            ),
        ),
    ),
    Mutant(
        "what the queue does not take stays a dead letter",
        SQS,
        old="                if str(number) not in refused\n",
        tests=(
            ("tests/adapters/test_sqs.py::test_what_the_queue_does_not_take_stays_a_dead_letter"),
        ),
    ),
    Mutant(
        "a job that has ended is never begun again, whoever writes",
        "chalicelib/migrations/versions/0004_job_states.py",
        old="        WHEN (({_is_legal()}) IS NOT TRUE) EXECUTE",
        new="        WHEN (false) EXECUTE",
        tests=("tests/jobs/test_states.py::test_an_end_is_the_end",),
    ),
    Mutant(
        "a lease belongs to a job that runs, and to no other",
        "chalicelib/migrations/versions/0001_users_jobs_personas.py",
        old="(status = 'running') = (lease_until IS NOT NULL)",
        new="true",
        tests=("tests/jobs/test_routes.py::test_the_database_refuses_states_that_cannot_be",),
    ),
)
