"""Redrive: give the dead letters another chance once what killed their workers is mended."""

import logging
from collections.abc import Mapping
from typing import Annotated, Any

from chalice.app import Blueprint
from pydantic import BaseModel, ConfigDict, Field

from chalicelib import wiring
from chalicelib.core.logging import configure

configure()
handlers = Blueprint(__name__)
log = logging.getLogger(__name__)

MOST = 1000


class Redrive(BaseModel):
    """The event that the function is invoked with."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=MOST)] = MOST


@handlers.lambda_function(name="redrive")
def redrive(event: Mapping[str, Any], _context: object) -> Mapping[str, int]:
    """Move at most `limit` messages a queue. A job that has ended meanwhile is left as it is."""
    wanted = Redrive.model_validate(event)
    moved = wiring.ports().dead_letters.redrive(limit=wanted.limit)
    log.info("redriven", extra={"moved": dict(moved)})
    return moved
