"""`Idempotency-Key`: a request that is sent again has one effect, and the answer it had at first.

The record is written in the transaction of the effects, so that there is neither without the other.
A refused request leaves none: its key may be used again. A view that has several transactions asks
for the `attempt`, and notes in the first of them where its answer is going to be.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from chalice.app import Response
from pydantic_core import from_json
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from chalicelib.core import sealing
from chalicelib.core.errors import Conflict, DomainError, Invalid, Unauthenticated
from chalicelib.core.models import IdempotencyRecord

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
VISIBLE_ASCII = "[!-~]{1,255}"
KEPT_FOR = timedelta(hours=24)


class InvalidIdempotencyKey(DomainError):
    message = "`Idempotency-Key` has 1 to 255 visible ASCII characters: send a new UUID, say."


class RequestInProgress(Conflict):
    message = "The first request with this key is still being carried out. Send it again shortly."
    retry_after = 1


class IdempotencyKeyReused(Invalid):
    message = "This key was used for another request. Choose a new key for a new request."


class AnswerLost(Conflict):
    message = "This was done before, but its answer cannot be given again. Look what has become."


@dataclass(frozen=True)
class Attempt:
    """A request that carries a key. The key is the user's own, and counts for one operation."""

    user_id: UUID
    operation: str
    key: str = field(repr=False)
    fingerprint: bytes

    @property
    def scope(self) -> bytes:
        return json.dumps([str(self.user_id), self.operation, self.key]).encode()

    @property
    def digest(self) -> bytes:
        return sha256(self.scope).digest()


def checked(key: str) -> str:
    if not re.fullmatch(VISIBLE_ASCII, key):
        raise InvalidIdempotencyKey
    return key


def fingerprint(query: Mapping[str, str], body: bytes) -> bytes:
    """Hash what was sent. How a client writes the same JSON does not matter."""
    meant = [query, from_json(body) if body else None]
    return sha256(json.dumps(meant, sort_keys=True).encode()).digest()


def recall(session: Session, attempt: Attempt) -> Response | None:
    """Return the answer that was given before. If there is none, the key is locked until the end
    of the transaction, and the caller has to `keep` what it answers now."""
    lock = int.from_bytes(attempt.digest[:8], signed=True)
    if not session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(lock))):
        raise RequestInProgress
    # A statement of its own, after the lock: it has to see what the last holder has committed.
    if (answer := find(session, attempt)) is None:
        return None
    status, headers, body = answer
    return Response(body, headers=headers | {REPLAYED: "true"}, status_code=status)


def keep(session: Session, attempt: Attempt, response: Response) -> None:
    """Keep the answer for a day, over one that has had its day."""
    note(session, attempt, [response.status_code, response.headers, response.body])


def find(session: Session, attempt: Attempt) -> Any:
    """Return what was noted under the key, or None."""
    kept = session.execute(
        sa.select(IdempotencyRecord.fingerprint, IdempotencyRecord.answer).where(
            IdempotencyRecord.scope == attempt.digest,
            IdempotencyRecord.expires_at > sa.func.now(),
        )
    ).one_or_none()
    if kept is None:
        return None
    if kept.fingerprint != attempt.fingerprint:
        raise IdempotencyKeyReused
    return _opened(attempt, kept.answer)


def note(session: Session, attempt: Attempt, kept: Any) -> None:
    """Note under the key, for a day, what answers the request when it comes again: the answer
    itself, or where to find it."""
    row = insert(IdempotencyRecord).values(
        scope=attempt.digest,
        user_id=attempt.user_id,
        fingerprint=attempt.fingerprint,
        answer=_sealed(attempt, kept),
        expires_at=sa.func.now() + KEPT_FOR,
    )
    replacing = row.on_conflict_do_update(
        index_elements=[IdempotencyRecord.scope],
        set_={name: row.excluded[name] for name in ("fingerprint", "answer", "expires_at")},
        where=IdempotencyRecord.expires_at <= sa.func.now(),
    ).returning(IdempotencyRecord.scope)
    try:
        written = session.scalar(replacing)
    except IntegrityError as error:  # the user was deleted, and the access token lives on
        raise Unauthenticated from error
    if written is None:
        raise RequestInProgress


def forget_expired(session: Session) -> None:
    session.execute(
        sa.delete(IdempotencyRecord).where(IdempotencyRecord.expires_at <= sa.func.now())
    )


def _sealed(attempt: Attempt, kept: Any) -> bytes:
    return sealing.seal(json.dumps(kept).encode(), scope=attempt.scope)


def _opened(attempt: Attempt, sealed: bytes) -> Any:
    try:
        return json.loads(sealing.unseal(sealed, scope=attempt.scope))
    except sealing.Unreadable as error:
        raise AnswerLost from error
