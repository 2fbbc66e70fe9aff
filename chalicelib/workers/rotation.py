"""Rotation: every month Secrets Manager asks, in four steps, for new passwords in the settings.

The application is one of two roles: the idle one gets the new password, and then the turn. The
cache takes the old password beside the new. So whoever still has the settings of before is let in,
until the month after.
"""

import logging
import secrets
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any

import sqlalchemy as sa
from chalice.app import Blueprint
from pydantic import BaseModel, ConfigDict, Field

from chalicelib import wiring
from chalicelib.core import config
from chalicelib.core.config import settings
from chalicelib.core.errors import DomainError
from chalicelib.core.logging import configure

configure()
handlers = Blueprint(__name__)
log = logging.getLogger(__name__)

PASSWORD_BYTES = 32


class NotProposed(DomainError):
    message = "There is no such version of the secret to go on with: begin a new rotation."


class NowhereToConnect(DomainError):
    message = "ROTATION is not set: see chalicelib/core/config.py."


class Step(StrEnum):
    CREATE = "createSecret"
    SET = "setSecret"
    TEST = "testSecret"
    FINISH = "finishSecret"


class Rotate(BaseModel):
    """The event that Secrets Manager invokes the function with."""

    model_config = ConfigDict(extra="ignore")

    step: Annotated[Step, Field(alias="Step")]
    secret: Annotated[str, Field(alias="SecretId")]
    version: Annotated[str, Field(alias="ClientRequestToken")]


@handlers.lambda_function(name="rotation")
def rotation(event: Mapping[str, Any], _context: object) -> None:
    wanted = Rotate.model_validate(event)
    STEPS[wanted.step](wanted)
    log.info("rotated", extra={"step": wanted.step.value})


def create(wanted: Rotate) -> None:
    vault, places = wiring.ports().vault, _places()
    if vault.proposed(wanted.secret, version=wanted.version) is not None:
        return
    known = vault.read(wanted.secret)
    first, second = sorted(places.role_secrets)
    role = second if _of(known, "database_url") == first else first
    password, cache_password = (secrets.token_urlsafe(PASSWORD_BYTES) for _ in range(2))
    connections = {
        "database_url": places.database_url.format(role=role, password=password),
        "database_replica_url": places.database_replica_url.format(role=role, password=password),
        "redis_url": places.redis_url.format(role=places.cache_user, password=cache_password),
        "cache_password": cache_password,
    }
    vault.propose(wanted.secret, {**known, **connections}, version=wanted.version)


def set_passwords(wanted: Rotate) -> None:
    from chalicelib.migrations.roles import let_in  # noqa: PLC0415 - the API registers this handler

    ports, places, proposed = wiring.ports(), _places(), _proposed(wanted)
    url = sa.make_url(proposed["database_url"])
    role, password = str(url.username), str(url.password)
    let_in(str(settings().database_url), role=role, password=password)
    ports.vault.write(places.role_secrets[role], {"username": role, "password": password})
    before = ports.vault.read(wanted.secret).get("cache_password")
    passwords = dict.fromkeys(filter(None, (proposed["cache_password"], before)))
    ports.cache_users.set_passwords(places.cache_user, [*passwords])


def test(wanted: Rotate) -> None:
    from chalicelib.migrations.roles import require_entry  # noqa: PLC0415

    proposed = _proposed(wanted)
    for name in ("database_url", "database_replica_url"):
        require_entry(proposed[name])


def finish(wanted: Rotate) -> None:
    wiring.ports().vault.adopt(wanted.secret, version=wanted.version)


STEPS: Mapping[Step, Callable[[Rotate], None]] = {
    Step.CREATE: create,
    Step.SET: set_passwords,
    Step.TEST: test,
    Step.FINISH: finish,
}


def _places() -> config.Rotation:
    if (places := settings().rotation) is None:
        raise NowhereToConnect
    return places


def _proposed(wanted: Rotate) -> Mapping[str, Any]:
    found = wiring.ports().vault.proposed(wanted.secret, version=wanted.version)
    if found is None:
        raise NotProposed
    return found


def _of(known: Mapping[str, Any], name: str) -> str | None:
    """Return whose address it is."""
    return sa.make_url(known[name]).username if name in known else None
