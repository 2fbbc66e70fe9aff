"""Jobs that somebody waits for, and the webhooks that tell of them."""

import json
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.db import transaction
from chalicelib.core.models import Job
from chalicelib.jobs import leases
from chalicelib.jobs.leases import Claim
from chalicelib.workers.sweeper import sweep
from chalicelib.workers.webhooks import webhooks
from tests.client import Api
from tests.receiver import Receiver


def generate(api: Api, receiver: Receiver, name: str = "Ada", **fields: Any) -> str:
    answer = api.generate(name, webhook_url=receiver.url, **fields)
    assert answer.status == 202, answer
    return str(answer.json["job"]["id"])


def secret_of(api: Api) -> str:
    return str(api.get("/auth/me/webhook-secret").json["secret"])


def deliveries(api: Api, job_id: str) -> list[dict[str, Any]]:
    answer = api.get(f"/jobs/{job_id}/deliveries")
    assert answer.status == 200, answer
    return list(answer.json["items"])


def hand_over(delivery_id: str) -> None:
    """As if its message had just come, whatever is queued."""
    record = {"messageId": "m", "receiptHandle": "r", "body": json.dumps({"job_id": delivery_id})}
    webhooks({"Records": [record]}, None)


def claimed(job_id: str) -> Claim:
    with transaction() as session:
        found = leases.claim(session, job_id=UUID(job_id))
    assert found is not None
    return found


def change(session: Session, job_id: str, **values: Any) -> None:
    session.execute(sa.update(Job).where(Job.id == UUID(job_id)).values(**values))


def let_pass(api: Api, session: Session, job_id: str) -> None:
    change(session, job_id, deadline=sa.func.now())
    sweep()
