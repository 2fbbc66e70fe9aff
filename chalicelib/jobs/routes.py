from uuid import UUID

from sqlalchemy.orm import Session

from chalicelib.auth.guards import signed_in
from chalicelib.core.answers import Pending
from chalicelib.core.http import Caller, Routes
from chalicelib.core.ports import Ports
from chalicelib.jobs import services
from chalicelib.jobs.replies import queued, seen
from chalicelib.jobs.schemas import DeliveriesQuery, DeliveryPage, JobPage, JobRead, JobsQuery

routes = Routes(__name__, guard=signed_in)


@routes.get("/jobs")
def list_jobs(session: Session, caller: Caller, query: JobsQuery) -> JobPage:
    jobs = services.list_jobs(session, owner_id=caller.user_id, query=query)
    return JobPage.of(jobs, limit=query.limit)


@routes.get("/jobs/{job_id}")
def get_job(session: Session, caller: Caller, job_id: UUID) -> Pending[JobRead]:
    return seen(services.get_job(session, owner_id=caller.user_id, job_id=job_id))


@routes.post("/jobs/{job_id}/cancel", status=202)
def cancel_job(session: Session, caller: Caller, ports: Ports, job_id: UUID) -> JobRead:
    """End a job that is waiting or running."""
    job = services.cancel_job(session, ports.queue, owner_id=caller.user_id, job_id=job_id)
    return JobRead.of(job)


@routes.post("/jobs/{job_id}/retry", status=(202, 200))
def retry_job(session: Session, caller: Caller, ports: Ports, job_id: UUID) -> Pending[JobRead]:
    """Try a failed job again, from its last checkpoint."""
    job = services.retry_job(session, ports.queue, owner_id=caller.user_id, job_id=job_id)
    return queued(job, JobRead.of)


@routes.post("/jobs/{job_id}/seen", status=204)
def mark_job_seen(session: Session, caller: Caller, job_id: UUID) -> None:
    """Note that you have seen how the job ended: the dashboard does not list it any more."""
    services.mark_seen(session, owner_id=caller.user_id, job_id=job_id)


@routes.get("/jobs/{job_id}/deliveries")
def list_deliveries(
    session: Session, caller: Caller, job_id: UUID, query: DeliveriesQuery
) -> DeliveryPage:
    """Show the webhooks of this job, and what the receiver made of each attempt. One that has
    failed is tried anew by `POST /jobs/{its id}/retry`."""
    found = services.list_deliveries(session, owner_id=caller.user_id, job_id=job_id, query=query)
    return DeliveryPage.of(found, limit=query.limit)
