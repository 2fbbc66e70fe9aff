from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.core.models import Job, JobStatus
from chalicelib.core.text import AtMost, Line


class JobsQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    status: JobStatus | None = None
    kind: Annotated[Line, AtMost(64)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: UUID | None = None


class JobError(BaseModel):
    """Why a job failed: `code` is stable, `message` is for people."""

    code: str
    message: str
    retryable: bool


class JobLinks(BaseModel):
    self: str
    cancel: str
    retry: str
    result: str | None


class JobRead(BaseModel):
    """`done` says that the status is final; then exactly one of `result` and `error` is there."""

    id: UUID
    kind: str
    status: JobStatus
    step: str
    progress: int
    attempt: int
    done: bool
    result: dict[str, Any] | None
    error: JobError | None
    links: JobLinks
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, job: Job) -> "JobRead":
        has_succeeded = job.status is JobStatus.SUCCEEDED
        subject = f"/personas/{job.subject_id}" if job.subject_id else None
        return cls(
            id=job.id,
            kind=job.kind,
            status=job.status,
            step=job.step,
            progress=job.progress,
            attempt=job.attempt,
            done=job.status.is_final,
            result={"persona_id": str(job.subject_id)} if has_succeeded else None,
            error=JobError.model_validate(job.error) if job.error else None,
            links=JobLinks(
                self=f"/jobs/{job.id}",
                cancel=f"/jobs/{job.id}/cancel",
                retry=f"/jobs/{job.id}/retry",
                result=subject,
            ),
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
        )


class JobPage(BaseModel):
    items: list[JobRead]
    next_cursor: UUID | None

    @classmethod
    def of(cls, jobs: Sequence[Job], *, limit: int) -> "JobPage":
        """Make a page of at most `limit`; one job more says that another page follows."""
        items = jobs[:limit]
        has_more = len(jobs) > limit
        return cls(
            items=[JobRead.of(job) for job in items],
            next_cursor=items[-1].id if has_more else None,
        )
