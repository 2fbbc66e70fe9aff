"""What vendors tell us of our orders: that one goes on under a reference, that one is done."""

import hmac
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from chalicelib.core.config import settings
from chalicelib.core.db import after_commit
from chalicelib.core.models import Job, JobStatus, VendorNotice
from chalicelib.core.ports import Queue
from chalicelib.core.signatures import SignatureInvalid, key_of, verify
from chalicelib.jobs.services import send_job
from chalicelib.notices.exceptions import InvalidSignature, NoticeUnreadable
from chalicelib.notices.links import token
from chalicelib.notices.schemas import NoticeQuery, Prediction

log = logging.getLogger(__name__)

KEPT = timedelta(days=7)
"""Long after a message would be too old to be believed."""


@dataclass(frozen=True)
class Notice:
    """A message that has been verified."""

    id: str
    job_id: UUID
    step: str
    prediction: Prediction


def read_notice(raw: bytes, headers: Mapping[str, str], *, query: NoticeQuery, now: int) -> Notice:
    """Believe a message that the vendor has signed, about an order that we have named."""
    keys = [key_of(each.get_secret_value()) for each in settings().replicate_webhook_secrets]
    try:
        identity = verify(headers, raw, keys=keys, now=now)
    except SignatureInvalid as error:
        raise _refused(str(error)) from error
    expected = token(query.job, step=query.step)
    if not hmac.compare_digest(query.token.encode(errors="replace"), expected.encode()):
        raise _refused("token")
    try:
        prediction = Prediction.model_validate_json(raw)
    except ValidationError as error:
        raise NoticeUnreadable from error
    return Notice(identity, query.job, query.step, prediction)


def take_notice(session: Session, queue: Queue, *, notice: Notice) -> None:
    """Keep the reference, once; and when the vendor is done, wake the job that waits for it."""
    job = _locked(session, notice.job_id)
    if job is None or not _is_new(session, notice):
        log.info("nothing new", extra={"job_id": notice.job_id})
        return
    is_waiting = job.status is JobStatus.QUEUED and _waits_for(job.checkpoint, notice)
    if is_waiting and notice.prediction.is_settled:
        after_commit(session, lambda: send_job(queue, job_id=notice.job_id, kind=job.kind))


def find_reference(session: Session, *, job_id: UUID, step: str) -> str | None:
    """Return the reference of the newest order for this step that a vendor has told us of."""
    return session.scalar(
        sa.select(VendorNotice.reference)
        .where(VendorNotice.job_id == job_id, VendorNotice.step == step)
        .order_by(VendorNotice.created_at.desc())
        .limit(1)
    )


def forget_old(session: Session) -> None:
    session.execute(sa.delete(VendorNotice).where(VendorNotice.created_at < sa.func.now() - KEPT))


def _refused(reason: str) -> InvalidSignature:
    log.warning("notice refused", extra={"reason": reason})
    return InvalidSignature(reason)


def _locked(session: Session, job_id: UUID) -> "sa.Row[Any] | None":
    """Keep the job from being deleted meanwhile; its worker goes on undisturbed."""
    return session.execute(
        sa.select(Job.status, Job.kind, Job.checkpoint)
        .where(Job.id == job_id)
        .with_for_update(read=True, key_share=True)
    ).one_or_none()


def _is_new(session: Session, notice: Notice) -> bool:
    added = session.scalar(
        insert(VendorNotice)
        .values(
            id=notice.id,
            job_id=notice.job_id,
            step=notice.step,
            reference=notice.prediction.id,
        )
        .on_conflict_do_nothing()
        .returning(VendorNotice.id)
    )
    return added is not None


def _waits_for(checkpoint: Mapping[str, Any], notice: Notice) -> bool:
    recorded = checkpoint.get(notice.step)
    if recorded is None or "image" in recorded:
        return False
    return recorded.get("reference") in {None, notice.prediction.id}
