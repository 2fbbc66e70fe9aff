"""Sweeper: every minute, bring back what a dead worker, a lost send or time has left behind, and
delete what nothing refers to any more."""

import logging

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import wiring
from chalicelib.auth import services as auth
from chalicelib.core import idempotency
from chalicelib.core.db import reading, transaction
from chalicelib.core.errors import Unavailable
from chalicelib.core.logging import configure
from chalicelib.jobs import leases
from chalicelib.jobs.services import send_job
from chalicelib.notices import services as notices
from chalicelib.personas import deletion
from chalicelib.spending import turns

configure()
handlers = Blueprint(__name__)
log = logging.getLogger(__name__)

BATCH = 500


@handlers.schedule(Rate(1, unit=Rate.MINUTES), name="sweeper")
def sweeper(_event: CloudWatchEvent) -> None:
    sweep()


def sweep() -> None:
    with transaction() as session:
        overdue = leases.fail_overdue(session)
        exhausted = leases.fail_exhausted(session)
        abandoned = leases.requeue_abandoned(session)
    with transaction() as session:
        dead_turns = turns.end_dead(session, limit=BATCH)
    with reading() as session:
        unheard = leases.list_unheard(session, limit=BATCH)
    for job_id, kind in unheard:
        send_job(wiring.ports().queue, job_id=job_id, kind=kind)
    deleted = delete_doomed()
    forget_the_old()
    log.info(
        "swept",
        extra={
            "overdue": len(overdue),
            "exhausted": len(exhausted),
            "abandoned": len(abandoned),
            "sent": len(unheard),
            "deleted": deleted,
            "turns": dead_turns,
        },
    )


def forget_the_old() -> None:
    """Each for itself, and last: where so much has become old that the database gives up, no job
    waits for it."""
    for forget in (auth.forget_expired, idempotency.forget_expired, notices.forget_old):
        try:
            with transaction() as session:
                forget(session)
        except Unavailable as error:
            log.warning("left to the next sweep", extra={"code": error.code})


def delete_doomed() -> int:
    """Delete objects that nothing refers to: first the objects, then the notes of them, so that
    a sweep that dies in between is made up for by the next."""
    with reading() as session:
        keys = deletion.list_doomed(session, limit=BATCH)
    if not keys:
        return 0
    try:
        wiring.ports().objects.delete(keys)
    except Unavailable as error:
        log.warning("left to the next sweep", extra={"code": error.code, "objects": len(keys)})
        return 0
    with transaction() as session:
        deletion.forget_doomed(session, keys=keys)
    return len(keys)
