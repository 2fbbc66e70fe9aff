"""a job's states go one way

A trigger, because no CHECK sees the row as it was. It costs one expression for each update, and
calls its function only to refuse.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

FINAL = ("status", "attempt", "fence", "step", "progress", "finished_at")
"""What is not touched any more once a job has ended."""


def upgrade() -> None:
    op.execute("""
        CREATE FUNCTION refuse_job_state() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'a job cannot go from % to %', OLD.status, NEW.status
                USING ERRCODE = 'check_violation', TABLE = 'jobs', CONSTRAINT = 'ck_jobs_state';
        END $$
    """)
    op.execute(f"""
        CREATE TRIGGER ck_jobs_state BEFORE UPDATE ON jobs FOR EACH ROW
        WHEN (({_is_legal()}) IS NOT TRUE) EXECUTE FUNCTION refuse_job_state()
    """)


def downgrade() -> None:
    op.execute("DROP TRIGGER ck_jobs_state ON jobs")
    op.execute("DROP FUNCTION refuse_job_state()")


def _is_legal() -> str:
    before, after = (", ".join(f"{row}.{name}" for name in FINAL) for row in ("OLD", "NEW"))
    return f"""
        NEW.fence >= OLD.fence
        AND (NEW.attempt = OLD.attempt OR NEW.fence > OLD.fence)
        AND CASE OLD.status
            WHEN 'queued' THEN
                NEW.status IN ('queued', 'failed', 'cancelled')
                OR (NEW.status = 'running' AND NEW.fence > OLD.fence)
            WHEN 'running' THEN
                NEW.status IN ('running', 'succeeded', 'failed', 'cancelled')
                OR (NEW.status = 'queued' AND NEW.fence > OLD.fence)
            ELSE
                (ROW({after}) IS NOT DISTINCT FROM ROW({before})
                    AND NEW.error - 'retryable' IS NOT DISTINCT FROM OLD.error - 'retryable'
                    AND (NEW.error -> 'retryable' = 'false'::jsonb
                        OR NEW.error -> 'retryable' IS NOT DISTINCT FROM OLD.error -> 'retryable'))
                OR (OLD.status = 'failed' AND OLD.error -> 'retryable' = 'true'::jsonb
                    AND NEW.status = 'queued' AND NEW.fence > OLD.fence
                    AND NEW.attempt = 0 AND NEW.deadline > now())
        END
    """
