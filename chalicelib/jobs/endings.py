"""What happens when a job ends, however it ends. Every statement that ends one calls this."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from chalicelib.jobs.announcements import announce
from chalicelib.spending import quotas


def close(session: Session, *, job_ids: Sequence[UUID]) -> None:
    """Do what belongs into the transaction that makes the status of these jobs final."""
    quotas.settle(session, job_ids=job_ids)
    announce(session, job_ids=job_ids)
