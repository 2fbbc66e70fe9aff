"""Who somebody is, and the sessions they hold."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from chalicelib.auth.exceptions import (
    EmailUnverified,
    LoginSpent,
    RefreshRefused,
    RefreshReused,
    UnknownPersona,
)
from chalicelib.auth.schemas import UserUpdate
from chalicelib.core.cards import profile_key, withdraw
from chalicelib.core.config import settings
from chalicelib.core.errors import Unauthenticated
from chalicelib.core.models import Identity, Persona, RefreshToken, SpentLogin, User
from chalicelib.core.ports import Cache

REFRESH_IDLE = timedelta(days=30)
REFRESH_LIFE = timedelta(days=90)
REFRESH_GRACE = timedelta(seconds=10)
"""A client that lost the answer may send its old token again, and gets the same successor."""


@dataclass(frozen=True)
class Person:
    """What a verified ID token says of a person."""

    issuer: str
    subject: str
    email: str | None
    is_email_verified: bool
    name: str
    picture_url: str | None
    fingerprint: bytes
    expires_at: datetime


@dataclass(frozen=True)
class Grant:
    """A session's refresh token, in clear this once, for its user."""

    user: User
    session_id: UUID
    refresh_token: str


def sign_in(session: Session, *, person: Person) -> Grant:
    """Open a session for the account of this issuer and subject, made at the first sign-in."""
    if person.email is not None and not person.is_email_verified:
        raise EmailUnverified
    _spend(session, person)
    user = _account(session, person) or _new_account(session, person)
    token, family_id = secrets.token_urlsafe(32), uuid4()
    now = _now(session)
    _add_refresh_token(
        session,
        token,
        RefreshToken(
            user_id=user.id,
            family_id=family_id,
            expires_at=now + REFRESH_IDLE,
            family_expires_at=now + REFRESH_LIFE,
        ),
    )
    return Grant(user, family_id, token)


def refresh(session: Session, *, token: str) -> Grant:
    """Exchange a refresh token for its one successor.

    Inside the grace a repeated exchange gives the same successor; a later one, or one whose
    successor has been used, ends the whole session.
    """
    row = session.scalar(
        sa.select(RefreshToken).where(RefreshToken.token_hash == _hash(token)).with_for_update()
    )
    now = _now(session)
    if row is None or row.revoked_at is not None or row.expires_at <= now:
        raise RefreshRefused
    successor = _successor(token)
    if row.used_at is None:
        row.used_at = now
        _add_refresh_token(
            session,
            successor,
            RefreshToken(
                user_id=row.user_id,
                family_id=row.family_id,
                expires_at=min(now + REFRESH_IDLE, row.family_expires_at),
                family_expires_at=row.family_expires_at,
            ),
        )
    elif now - row.used_at > REFRESH_GRACE or _is_used(session, successor):
        _revoke(session, RefreshToken.family_id == row.family_id)
        raise RefreshReused
    return Grant(get_user(session, user_id=row.user_id), row.family_id, successor)


def sign_out(session: Session, *, user_id: UUID, token: str, everywhere: bool) -> None:
    """End the token's session, or all of the user's. Signing out twice is no error."""
    mine = RefreshToken.user_id == user_id
    family_id = session.scalar(
        sa.select(RefreshToken.family_id).where(mine, RefreshToken.token_hash == _hash(token))
    )
    if everywhere:
        _revoke(session, mine)
    elif family_id is not None:
        _revoke(session, RefreshToken.family_id == family_id)


def get_user(session: Session, *, user_id: UUID) -> User:
    """Return the signed-in user; one that is gone is signed out."""
    if (user := session.get(User, user_id)) is None:
        raise Unauthenticated
    return user


def lock_user(session: Session, *, user_id: UUID) -> User:
    """Return the user, locked: whoever starts, ends or chooses something of theirs waits here."""
    if (user := session.get(User, user_id, with_for_update=True)) is None:
        raise Unauthenticated
    return user


def update_user(session: Session, cache: Cache, *, user_id: UUID, data: UserUpdate) -> User:
    user = lock_user(session, user_id=user_id)
    if data.primary_persona_id is not None:
        _require_own_persona(session, user_id=user_id, persona_id=data.primary_persona_id)
        withdraw(session, cache, profile_key(user_id))
    for field, value in data.model_dump(exclude_none=True).items():
        setattr(user, field, value)
    session.flush()
    return user


def forget_expired(session: Session) -> None:
    """Delete what can no longer matter: spent sign-ins and refresh tokens past their time."""
    for table in (SpentLogin, RefreshToken):
        session.execute(sa.delete(table).where(table.expires_at < sa.func.now()))


def _spend(session: Session, person: Person) -> None:
    try:
        with session.begin_nested():
            session.add(SpentLogin(fingerprint=person.fingerprint, expires_at=person.expires_at))
    except IntegrityError as error:
        raise LoginSpent from error


def _account(session: Session, person: Person) -> User | None:
    return session.scalar(
        sa.select(User)
        .join(Identity, Identity.user_id == User.id)
        .where(Identity.issuer == person.issuer, Identity.subject == person.subject)
    )


def _new_account(session: Session, person: Person) -> User:
    """Make the account. When two first sign-ins race, the loser takes the winner's."""
    user = User(email=person.email, display_name=person.name, picture_url=person.picture_url)
    try:
        with session.begin_nested():
            session.add(user)
            session.flush()
            session.add(Identity(user_id=user.id, issuer=person.issuer, subject=person.subject))
    except IntegrityError:
        winner = _account(session, person)
        if winner is None:
            raise
        return winner
    session.refresh(user)
    return user


def _add_refresh_token(session: Session, token: str, row: RefreshToken) -> None:
    row.token_hash = _hash(token)
    session.add(row)
    session.flush()


def _successor(token: str) -> str:
    """Derive the next token of the chain, so that a lost answer can be given again although only
    hashes are stored. Without our key nobody else can."""
    key = settings().refresh_token_key.get_secret_value().encode()
    return urlsafe_b64encode(hmac.digest(key, token.encode(), "sha256")).rstrip(b"=").decode()


def _is_used(session: Session, token: str) -> bool:
    wanted = sa.select(RefreshToken.used_at).where(RefreshToken.token_hash == _hash(token))
    return session.scalar(wanted) is not None


def _revoke(session: Session, *conditions: sa.ColumnElement[bool]) -> None:
    session.execute(
        sa.update(RefreshToken)
        .where(*conditions, RefreshToken.revoked_at.is_(None))
        .values(revoked_at=sa.func.now())
    )


def _require_own_persona(session: Session, *, user_id: UUID, persona_id: UUID) -> None:
    wanted = sa.select(Persona.id).where(
        Persona.id == persona_id, Persona.owner_id == user_id, Persona.deleted_at.is_(None)
    )
    if session.scalar(wanted) is None:
        raise UnknownPersona


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _now(session: Session) -> datetime:
    return session.execute(sa.select(sa.func.now())).scalar_one()
