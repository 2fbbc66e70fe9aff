"""Answers about a job. Whoever prefers to wait is answered when the job has ended."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import TypeVar

from chalicelib.core.answers import Pending, Reply
from chalicelib.core.db import reading
from chalicelib.core.models import Job
from chalicelib.jobs import services
from chalicelib.jobs.schemas import JobRead

Body = TypeVar("Body")


def seen(job: Job) -> Pending[JobRead]:
    """Show the job, and how it is known whether it has changed since."""
    return Pending(
        JobRead.of(job),
        etag=job.etag,
        retry_after=job.poll_after,
        settled=_look(job, seen),
    )


def queued(job: Job, body_of: Callable[[Job], Body]) -> Pending[Body]:
    """Answer 202 with a job that was started; 200 with its end, if there is one in time."""
    return Pending(
        body_of(job),
        location=_place(job),
        retry_after=job.poll_after,
        settled=once_ended(job, body_of),
    )


def once_ended(
    job: Job | None, body_of: Callable[[Job], Body]
) -> Callable[[], Reply[Body] | None] | None:
    """Return a look at the job that answers once it has ended; None if nothing will change."""
    return _look(job, partial(_ended, body_of=body_of))


def _look(
    job: Job | None, reply_to: Callable[[Job], Reply[Body]]
) -> Callable[[], Reply[Body] | None] | None:
    if job is None or job.status.is_final:
        return None
    owner_id, job_id = job.owner_id, job.id

    def look() -> Reply[Body] | None:
        with reading() as session:
            found = services.get_job(session, owner_id=owner_id, job_id=job_id)
        return reply_to(found) if found.status.is_final else None

    return look


def _ended(job: Job, *, body_of: Callable[[Job], Body]) -> Reply[Body]:
    return Reply(body_of(job), status=HTTPStatus.OK, location=_place(job))


def _place(job: Job) -> str:
    return f"/jobs/{job.id}"
