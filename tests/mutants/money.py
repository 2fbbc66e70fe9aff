"""Mutants of what is paid for, how often, and by whom."""

from tests.mutants.mutant import Mutant

PURCHASES = "chalicelib/jobs/purchases.py"
QUOTAS = "chalicelib/spending/quotas.py"
IDEMPOTENCY = "chalicelib/core/idempotency.py"

MUTANTS = (
    Mutant(
        "a call stands in the ledger before it is made",
        PURCHASES,
        old="    said = _intend(claimed, order)\n    if said.unanswered is not None:\n",
        new="    from dataclasses import replace\n\n"
        "    early = order.call()\n"
        "    order = replace(order, call=lambda: early)\n"
        "    said = _intend(claimed, order)\n    if said.unanswered is not None:\n",
        tests=("tests/spending/test_ledger.py::test_what_the_vendor_refuses_costs_nothing",),
    ),
    Mutant(
        "no step is paid for more than three times",
        PURCHASES,
        old="    WHERE paid < :most AND (",
        new="    WHERE (",
        tests=("tests/spending/test_ledger.py::test_no_step_is_paid_for_more_than_three_times",),
    ),
    Mutant(
        "a zombie buys nothing",
        PURCHASES,
        old="WHERE id = :job_id AND fence = :fence AND status = 'running'\n"
        "    RETURNING owner_id\n",
        new="WHERE id = :job_id AND status = 'running'\n    RETURNING owner_id\n",
        tests=("tests/spending/test_ledger.py::test_a_zombie_buys_nothing",),
    ),
    Mutant(
        "an order without an answer is waited for before it is paid again",
        PURCHASES,
        old="        if said.silence < timing.ANSWER_GRACE:\n",
        new="        if said.silence < timing.ANSWER_GRACE * 0:\n",
        tests=(
            (
                "tests/spending/test_ledger.py"
                "::test_an_order_without_an_answer_is_waited_for_before_it_is_paid_again"
            ),
        ),
    ),
    Mutant(
        "a vendor that rests is asked nothing",
        PURCHASES,
        old="    WHERE NOT EXISTS (SELECT FROM breaker) OR EXISTS (SELECT FROM probe)\n"
        "    RETURNING id\n",
        new="    RETURNING id\n",
        tests=(
            (
                "tests/spending/test_breakers.py"
                "::test_ten_minutes_of_outage_cost_few_calls_and_no_attempt"
            ),
        ),
    ),
    Mutant(
        "a user's day has its limits, also for fifty at once",
        QUOTAS,
        old="    WHERE mine.texts + excluded.texts <= :max_texts\n"
        "      AND mine.images + excluded.images <= :max_images\n",
        tests=(
            ("tests/spending/test_quotas.py::test_fifty_at_once_do_not_overspend_a_user_s_limit"),
        ),
    ),
    Mutant(
        "everybody's day has its limit, also for fifty at once",
        QUOTAS,
        old="    WHERE everybodys.cost_micros + excluded.cost_micros <= :max_micros\n",
        tests=(
            ("tests/spending/test_quotas.py::test_fifty_at_once_do_not_overspend_the_day_s_money"),
        ),
    ),
    Mutant(
        "a key is kept in the transaction of what it has done",
        IDEMPOTENCY,
        old="        written = session.scalar(replacing)\n",
        new="        from chalicelib.core.db import transaction\n\n"
        "        with transaction() as another:\n"
        "            written = another.scalar(replacing)\n",
        tests=(
            (
                "tests/core/test_idempotency.py"
                "::test_the_same_request_has_the_same_answer_and_one_effect"
            ),
        ),
    ),
    Mutant(
        "a key is not used for another request",
        IDEMPOTENCY,
        old="    if kept.fingerprint != attempt.fingerprint:\n        raise IdempotencyKeyReused\n",
        tests=("tests/core/test_idempotency.py::test_another_request_under_the_key_is_refused",),
    ),
    Mutant(
        "a request that is sent again gets the answer that it had at first",
        IDEMPOTENCY,
        old="    return _opened(attempt, kept.answer)\n",
        new="    return None\n",
        tests=(
            (
                "tests/core/test_idempotency.py"
                "::test_the_same_request_has_the_same_answer_and_one_effect"
            ),
        ),
    ),
    Mutant(
        "a key is its user's own",
        IDEMPOTENCY,
        old="[str(self.user_id), self.operation, self.key]",
        new="[self.operation, self.key]",
        tests=("tests/core/test_idempotency.py::test_a_key_counts_for_one_user_and_one_path",),
    ),
    Mutant(
        "a vendor that fails five times in a row is left alone",
        "chalicelib/spending/breakers.py",
        old="WHEN breaker.failures + 1 >= :limit",
        new="WHEN breaker.failures + 1 >= :limit + 1000",
        tests=(
            "tests/spending/test_breakers.py::test_after_five_failures_in_a_row_nobody_is_called",
        ),
    ),
    Mutant(
        "a cancelled job gives back what was set aside for it",
        "chalicelib/jobs/services.py",
        old="    endings.close(session, job_ids=[job.id for job in cancelled])\n",
        tests=("tests/spending/test_quotas.py::test_however_a_job_ends_nothing_stays_set_aside",),
    ),
)
