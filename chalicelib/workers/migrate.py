"""Migrate: bring the database to this release's schema, before any traffic comes to its code."""

import logging
import time
from collections.abc import Callable, Mapping
from random import SystemRandom
from typing import Annotated, Any

from chalice.app import Blueprint
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import OperationalError

from chalicelib.core.errors import Unavailable
from chalicelib.core.logging import configure

configure()
handlers = Blueprint(__name__)
log = logging.getLogger(__name__)

TRIES = 20
PAUSE_SECONDS = 3.0
LOCK_NOT_AVAILABLE, DEADLOCK = "55P03", "40P01"


class DatabaseBusy(Unavailable):
    message = "The migration could not have its locks. Nothing was changed: try it again."


class Migrate(BaseModel):
    """The event that the function is invoked with."""

    model_config = ConfigDict(extra="forbid")

    to: Annotated[str, Field(pattern=r"^(head|[0-9a-f]{4,32})$")] = "head"


@handlers.lambda_function(name="migrate")
def migrate(event: Mapping[str, Any], _context: object) -> Mapping[str, str | None]:
    """Return the revision that the database was at, and the one that it is at now."""
    from chalicelib import migrations  # noqa: PLC0415 - the API registers this handler, and never migrates

    wanted = Migrate.model_validate(event)
    before = migrations.current()
    with_patience(lambda: migrations.upgrade(wanted.to))
    moved = {"from": before, "to": migrations.current()}
    log.info("migrated", extra={"before": moved["from"], "after": moved["to"]})
    return moved


def with_patience(upgrade: Callable[[], None]) -> None:
    """Whoever holds a lock is not kept waiting behind us: give up, and come again."""
    for left in reversed(range(TRIES)):
        try:
            return upgrade()
        except OperationalError as error:
            if getattr(error.orig, "pgcode", None) not in {LOCK_NOT_AVAILABLE, DEADLOCK}:
                raise
            if not left:
                raise DatabaseBusy from error
            log.info("the locks are taken", extra={"tries_left": left})
            time.sleep(PAUSE_SECONDS * SystemRandom().random())
    return None
