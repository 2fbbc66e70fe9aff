"""Jobs change state along the allowed ways alone: the database itself refuses all others."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from chalicelib.core.models import Job, JobStatus
from tests.client import Api

ROUNDS = 50
TRIES_A_ROUND = 2_000
JOBS = 200

# Each try changes one job at random, in a savepoint of its own, and leaves what came of it. The
# columns follow the status, so that the other CHECKs have nothing to refuse.
SHAKE = """
CREATE FUNCTION pg_temp.shake(tries int, of_owner uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    old jobs; new jobs; states text[] := '{queued,running,succeeded,failed,cancelled}';
    ids uuid[] := ARRAY(SELECT id FROM jobs WHERE owner_id = of_owner);
    picked uuid;
BEGIN
    FOR _ IN 1..tries LOOP
        picked := ids[1 + floor(random() * cardinality(ids))];
        SELECT * INTO old FROM jobs WHERE id = picked;
        new := old;
        new.status := states[1 + floor(random() * 5)];
        new.fence := old.fence + floor(random() * 4) - 1;
        new.attempt := CASE WHEN random() < 0.5 THEN old.attempt ELSE floor(random() * 3) END;
        new.deadline := now() + CASE WHEN random() < 0.9 THEN 1 ELSE -1 END * interval '1 hour';
        new.lease_until := CASE WHEN new.status = 'running' THEN now() END;
        new.finished_at := CASE
            WHEN new.status NOT IN ('succeeded', 'failed', 'cancelled') THEN NULL
            WHEN old.finished_at IS NOT NULL AND random() < 0.5 THEN old.finished_at
            ELSE clock_timestamp() END;
        new.error := CASE
            WHEN new.status NOT IN ('failed', 'cancelled') THEN NULL
            WHEN old.error IS NOT NULL AND random() < 0.8 THEN old.error
            ELSE jsonb_build_object('retryable', new.status = 'failed' AND random() < 0.8) END;
        BEGIN
            UPDATE jobs SET status = new.status, fence = new.fence, attempt = new.attempt,
                deadline = new.deadline, lease_until = new.lease_until,
                finished_at = new.finished_at, error = new.error WHERE id = old.id;
            INSERT INTO shaken VALUES (true, old, new);
        EXCEPTION WHEN check_violation THEN
            INSERT INTO shaken VALUES (false, old, new);
        END;
        IF random() < 0.05 THEN  -- most ways lead to an end, so some jobs begin anew
            DELETE FROM jobs WHERE id = old.id;
            INSERT INTO jobs (id, owner_id, kind, input, deadline)
                VALUES (old.id, of_owner, 'shaken', '{}', now());
        END IF;
    END LOOP;
END $$
"""
TRIED = """
SELECT is_accepted, (old).status AS old_status, (new).status AS new_status,
    (new).fence - (old).fence AS fence, (new).attempt AS attempt,
    (old).attempt = (new).attempt AS is_same_attempt,
    (old).finished_at IS NOT DISTINCT FROM (new).finished_at
        AND ((old).error IS NOT DISTINCT FROM (new).error
            OR (new).error = (old).error || '{"retryable": false}') AS is_same_end,
    coalesce((old).error ->> 'retryable', 'false') = 'true' AS is_retryable,
    (new).deadline > now() AS has_time, count(*) AS times
FROM shaken GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""

UNFINISHED = {"queued", "running"}
ENDS = {"succeeded", "failed", "cancelled"}


@dataclass(frozen=True)
class Try:
    is_accepted: bool
    old_status: str
    new_status: str
    fence: int
    attempt: int
    is_same_attempt: bool
    is_same_end: bool
    is_retryable: bool
    has_time: bool
    times: int

    @property
    def is_legal(self) -> bool:
        """Say it once more, in other words than the database does."""
        if self.fence < 0 or (not self.is_same_attempt and self.fence == 0):
            return False
        if self.old_status in ENDS:
            return self._leaves_the_end_alone or self._is_retry
        if self.new_status == self.old_status:
            return True
        if self.new_status in UNFINISHED:
            return self.fence > 0
        return self.new_status != "succeeded" or self.old_status == "running"

    @property
    def _leaves_the_end_alone(self) -> bool:
        is_same = self.new_status == self.old_status and self.is_same_end
        return is_same and self.fence == 0 and self.is_same_attempt

    @property
    def _is_retry(self) -> bool:
        is_due = self.old_status == "failed" and self.is_retryable and self.has_time
        return is_due and self.new_status == "queued" and self.fence > 0 and self.attempt == 0


@pytest.fixture
def tries(session: Session, api: Api) -> Iterator[list[Try]]:
    owner = {"owner": api.user["id"]}
    session.execute(sa.text("CREATE TEMP TABLE shaken (is_accepted bool, old jobs, new jobs)"))
    session.execute(sa.text(SHAKE))
    session.execute(
        sa.text(
            "INSERT INTO jobs (owner_id, kind, input, deadline)"
            " SELECT :owner, 'shaken', '{}', now() FROM generate_series(1, :jobs)"
        ),
        owner | {"jobs": JOBS},
    )
    for seed in range(ROUNDS):
        session.execute(sa.text("SELECT setseed(:seed)"), {"seed": seed / ROUNDS})
        shake = sa.text("SELECT pg_temp.shake(:tries, :owner)")
        session.execute(shake, owner | {"tries": TRIES_A_ROUND})
    yield [Try(**row) for row in session.execute(sa.text(TRIED)).mappings()]
    session.execute(sa.text("DELETE FROM jobs WHERE owner_id = :owner"), owner)


def test_of_a_hundred_thousand_changes_no_illegal_one_is_accepted(tries: list[Try]) -> None:
    counted: Counter[tuple[bool, bool]] = Counter()
    for each in tries:
        counted[each.is_legal, each.is_accepted] += each.times
    assert counted.total() == ROUNDS * TRIES_A_ROUND
    assert counted[False, True] == 0, [t for t in tries if t.is_accepted and not t.is_legal]
    assert counted[True, False] == 0, [t for t in tries if t.is_legal and not t.is_accepted]
    assert min(counted[True, True], counted[False, False]) > 10_000
    ways = {(each.old_status, each.new_status) for each in tries}
    assert ways == {(old, new) for old in JobStatus for new in JobStatus}


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled"])
def test_an_end_is_the_end(session: Session, api: Api, status: str) -> None:
    job_id = api.generate().json["job"]["id"]
    error = {"code": "broken", "message": "It broke.", "retryable": False}
    changes = sa.update(Job).where(Job.id == job_id)
    running = {"status": "running", "fence": 1, "lease_until": sa.func.now()}
    ended = {"lease_until": None, "finished_at": sa.func.now()}
    session.execute(changes.values(running))
    session.execute(
        changes.values(
            ended | {"status": status, "error": None if status == "succeeded" else error}
        )
    )
    for change in (
        {"status": "queued", "fence": 2, "attempt": 0, "error": None, "finished_at": None},
        {"progress": 99},
        {"fence": 2},
        {"finished_at": sa.func.now()},
    ):
        with pytest.raises(IntegrityError, match="a job cannot go"):
            session.execute(changes.values(change))
    session.execute(changes.values(sent_at=sa.func.now()))
