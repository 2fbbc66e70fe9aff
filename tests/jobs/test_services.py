"""A job and its message: the one is committed before the other is sent."""

from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib import wiring
from chalicelib.core.db import transaction
from chalicelib.core.errors import Conflict
from chalicelib.core.models import Job
from chalicelib.jobs.services import create_job
from chalicelib.personas.services import GENERATION
from tests.client import Api
from tests.conftest import Worker


def ask(opened: Session, api: Api) -> UUID:
    user_id, queue = UUID(api.user["id"]), wiring.ports().queue
    job = create_job(opened, queue, owner_id=user_id, kind=GENERATION, subject_id=user_id, data={})
    return job.id


def test_a_job_that_is_taken_back_is_never_heard_of(api: Api, worker: Worker) -> None:
    with pytest.raises(Conflict), transaction() as opened:
        ask(opened, api)
        raise Conflict
    assert worker.count("generation") == 0
    assert api.get("/jobs").json["items"] == []


def test_a_job_is_there_before_its_message(api: Api, worker: Worker, session: Session) -> None:
    with transaction() as opened:
        job_id = ask(opened, api)
        assert worker.count("generation") == 0
    assert worker.count("generation") == 1
    assert session.scalar(sa.select(Job.sent_at).where(Job.id == job_id)) is not None
