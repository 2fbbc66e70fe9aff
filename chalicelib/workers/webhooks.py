"""Webhooks: tell a receiver of a user's choice that a job has ended, until it has heard it."""

import json
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from chalice.app import Blueprint, SQSEvent

from chalicelib import wiring
from chalicelib.auth.webhook_secrets import get_webhook_keys
from chalicelib.core import tracing
from chalicelib.core.db import reading, transaction
from chalicelib.core.errors import DomainError
from chalicelib.core.logging import configure
from chalicelib.core.ports import Receipt, VendorUnavailable
from chalicelib.core.signatures import signed
from chalicelib.jobs import leases, timing
from chalicelib.jobs.announcements import DELIVER_WEBHOOK
from chalicelib.jobs.runner import Run, jobs_named, run_job

configure()
handlers = Blueprint(__name__)

TAKEN = range(200, 300)


class Undelivered(VendorUnavailable):
    message = "The receiver did not take the webhook: see the attempts."


class ReceiverGone(DomainError):
    message = "The receiver answered 410: it wants no more webhooks."


@handlers.on_sqs_message(queue="webhooks", batch_size=1, name="webhooks")
def webhooks(event: SQSEvent) -> None:
    for job_id, trace in jobs_named(record.to_dict() for record in event):
        work = {DELIVER_WEBHOOK: deliver}
        with tracing.following(trace, name="webhooks"):
            run_job(wiring.ports().queue, job_id=job_id, work=work, delay_after=_delay)


def deliver(run: Run) -> None:
    """Send it, then write down what came of it: a worker that dies in between sends it again, under
    the id that it had."""
    with reading() as session:
        keys = get_webhook_keys(session, user_id=run.claim.owner_id).signing
    content = json.dumps(run.claim.input["event"]).encode()
    now = datetime.now(UTC)
    identity = f"msg_{run.claim.job_id.hex}"
    headers = signed(identity, content, keys=keys, now=int(now.timestamp()))
    with tracing.call("receiver", namespace="remote"):
        receipt = wiring.ports().webhooks.post(run.claim.input["url"], content, headers=headers)
    is_taken = receipt.status in TAKEN
    _record(run, receipt, at=now, is_taken=is_taken)
    if receipt.status == HTTPStatus.GONE:
        raise ReceiverGone
    if not is_taken:
        raise Undelivered(retry_after=receipt.retry_after)


def _record(run: Run, receipt: Receipt, *, at: datetime, is_taken: bool) -> None:
    attempt = {"at": at.isoformat(), "status": receipt.status, "error": receipt.error}
    # The fence tells the attempts apart, also when all begin anew.
    checkpoint = {f"attempt:{run.claim.fence}": attempt}
    with transaction() as session:
        leases.record(session, run.claim, step="deliver", progress=0, checkpoint=checkpoint)
        if is_taken:
            leases.finish(session, run.claim)


def _delay(attempt: int) -> timedelta:
    """Return what is waited for after this attempt; the last is followed by none."""
    return timing.DELIVERY_DELAYS[min(attempt, len(timing.DELIVERY_DELAYS)) - 1]
