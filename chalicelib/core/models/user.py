from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chalicelib.core.models.base import Base, CreatedAt, PrimaryKey


class Provider(StrEnum):
    """Who vouches for a person at sign-in."""

    GOOGLE = "google"
    COGNITO = "cognito"


class Role(StrEnum):
    USER = "user"
    ADMIN = "admin"


class User(Base):
    __tablename__ = "users"

    id: Mapped[PrimaryKey]
    email: Mapped[str | None] = mapped_column(String(320))
    display_name: Mapped[str] = mapped_column(String(80))
    picture_url: Mapped[str | None] = mapped_column(String(2048))
    role: Mapped[Role] = mapped_column(server_default=Role.USER.value)
    locale: Mapped[str] = mapped_column(String(35), server_default="en")
    timezone: Mapped[str] = mapped_column(String(64), server_default="UTC")
    primary_persona_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("personas.id", ondelete="SET NULL", use_alter=True), index=True
    )
    webhook_secret_version: Mapped[int] = mapped_column(server_default="1")
    webhook_secret_rotated_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class Identity(Base):
    """An account at an issuer. The pair of issuer and subject is the identity, never the e-mail."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[PrimaryKey]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    issuer: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[CreatedAt]


class RefreshToken(Base):
    """One link of a chain. A family is one sign-in on one device; only hashes are kept."""

    __tablename__ = "refresh_tokens"

    id: Mapped[PrimaryKey]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    family_id: Mapped[UUID] = mapped_column(index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    family_expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class SpentLogin(Base):
    """A provider's token that has signed somebody in, so that it cannot do so again."""

    __tablename__ = "spent_logins"

    fingerprint: Mapped[bytes] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
