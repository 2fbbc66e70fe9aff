from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from chalicelib.core.addresses import MAX_URL, origin_of, receiver_of
from chalicelib.core.config import settings
from chalicelib.core.models import Job, JobStatus
from chalicelib.core.text import AtMost, Line


def _reachable(url: str) -> str:
    receiver_of(url, listed=[origin_of(each) for each in settings().webhook_origins])
    return url


WebhookUrl = Annotated[str, StringConstraints(max_length=MAX_URL), AfterValidator(_reachable)]
"""Where a webhook tells of the end of a job."""


class JobsQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    status: JobStatus | None = None
    kind: Annotated[Line, AtMost(64)] | None = None
    unseen: bool | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: UUID | None = None


class JobMessage(BaseModel):
    """What a queue carries."""

    job_id: UUID


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
        subject = f"/personas/{job.subject_id}" if job.subject_id else None
        return cls(
            id=job.id,
            kind=job.kind,
            status=job.status,
            step=job.step,
            progress=job.progress,
            attempt=job.attempt,
            done=job.status.is_final,
            result=_result(job) if job.status is JobStatus.SUCCEEDED else None,
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


def _result(job: Job) -> dict[str, Any]:
    return {"persona_id": str(job.subject_id)} if job.subject_id else {}


class DeliveriesQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: UUID | None = None


class DeliveryAttempt(BaseModel):
    """Either `status`, the HTTP status of the answer, or `error`, why there was none."""

    at: datetime
    status: int | None
    error: str | None


class DeliveryRead(BaseModel):
    """`id` is in the header `webhook-id`, as `msg_` and its hexadecimal digits, and stays the same
    however often it is sent."""

    id: UUID
    type: str
    status: JobStatus
    attempts: list[DeliveryAttempt]
    next_attempt_at: datetime | None
    error: JobError | None
    created_at: datetime

    @classmethod
    def of(cls, job: Job) -> "DeliveryRead":
        made = sorted(job.checkpoint.values(), key=lambda attempt: str(attempt["at"]))
        return cls(
            id=job.id,
            type=job.input["event"]["type"],
            status=job.status,
            attempts=[DeliveryAttempt.model_validate(attempt) for attempt in made],
            next_attempt_at=job.queued_at if job.status is JobStatus.QUEUED else None,
            error=JobError.model_validate(job.error) if job.error else None,
            created_at=job.created_at,
        )


class DeliveryPage(BaseModel):
    items: list[DeliveryRead]
    next_cursor: UUID | None

    @classmethod
    def of(cls, jobs: Sequence[Job], *, limit: int) -> "DeliveryPage":
        """Make a page of at most `limit`; one more says that another page follows."""
        items = jobs[:limit]
        has_more = len(jobs) > limit
        return cls(
            items=[DeliveryRead.of(job) for job in items],
            next_cursor=items[-1].id if has_more else None,
        )
