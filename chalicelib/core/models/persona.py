from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from chalicelib.core.models.base import Base, CreatedAt, PrimaryKey, choice


class Source(StrEnum):
    """What a persona was made from."""

    ANALYSIS = "analysis"
    DESCRIPTION = "description"
    IMPORT = "import"


class MottoTone(StrEnum):
    NEUTRAL = "neutral"
    SARCASTIC = "sarcastic"
    COMICAL = "comical"
    SOMBRE = "sombre"


class ImageModel(StrEnum):
    """Our names of the image providers; the vendor's model behind each is configuration."""

    DALL_E = "dall-e"
    OPENJOURNEY = "openjourney"

    @property
    def fallback(self) -> "ImageModel":
        return ImageModel.OPENJOURNEY if self is ImageModel.DALL_E else ImageModel.DALL_E


class Visibility(StrEnum):
    PRIVATE = "private"
    UNLISTED = "unlisted"
    PUBLIC = "public"


class Persona(Base):
    """What a generation has published last; `job_id` is the newest generation, done or not.

    A deleted one keeps its name, so that conversations can still say who spoke.
    """

    __tablename__ = "personas"
    __table_args__ = (
        Index(
            "uq_personas_owner_id_name_key",
            "owner_id",
            "name_key",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("ix_personas_owner_id_id", "owner_id", text("id DESC")),
    )

    id: Mapped[PrimaryKey]
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    name_key: Mapped[str] = mapped_column(String(240))
    source: Mapped[Source]
    description: Mapped[str | None] = mapped_column(Text)
    analysis_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("analyses.id", ondelete="SET NULL"), index=True
    )
    visibility: Mapped[Visibility]
    job_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("jobs.id", ondelete="SET NULL"), index=True
    )
    current_image_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("persona_images.id", ondelete="SET NULL", use_alter=True), index=True
    )
    title: Mapped[str | None] = mapped_column(Text)
    motto: Mapped[str | None] = mapped_column(Text)
    motto_tone: Mapped[MottoTone]
    summary: Mapped[str | None] = mapped_column(Text)
    greeting: Mapped[str | None] = mapped_column(Text)
    examples: Mapped[list[str]] = mapped_column(server_default="{}")
    style: Mapped[dict[str, Any] | None]
    traits: Mapped[dict[str, Any] | None]
    archetype: Mapped[dict[str, Any] | None]
    evidence: Mapped[dict[str, Any] | None]
    fidelity: Mapped[dict[str, Any] | None]
    card: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    """What an imported card held and we have no field for."""
    system_prompt: Mapped[str | None] = mapped_column(Text)
    warnings: Mapped[list[str]] = mapped_column(server_default="{}")
    tags: Mapped[list[str]] = mapped_column(server_default="{}")
    listed_at: Mapped[datetime | None]
    """When it became public first; a trigger sets it."""
    version: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[CreatedAt]
    published_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class PersonaImage(Base):
    """A portrait. One that came with an imported card was drawn by no model of ours."""

    __tablename__ = "persona_images"

    id: Mapped[PrimaryKey]
    persona_id: Mapped[UUID] = mapped_column(
        ForeignKey("personas.id", ondelete="CASCADE"), index=True
    )
    requested_model: Mapped[ImageModel | None] = mapped_column(
        choice(ImageModel, name="requested_model")
    )
    model: Mapped[ImageModel | None]
    vendor_model: Mapped[str | None] = mapped_column(String(200))
    prompt: Mapped[str | None] = mapped_column(Text)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    mime: Mapped[str] = mapped_column(String(40))
    width: Mapped[int]
    height: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    motto: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[CreatedAt]


class DoomedObject(Base):
    """An object that nothing refers to any more: noted in the transaction that let go of it, and
    deleted from the store afterwards."""

    __tablename__ = "doomed_objects"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    created_at: Mapped[CreatedAt]
