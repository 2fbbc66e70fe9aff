"""Every table, in one import, so that Alembic and the foreign keys see them all."""

from chalicelib.core.models.base import Base
from chalicelib.core.models.job import Job, JobStatus
from chalicelib.core.models.persona import (
    ImageModel,
    MottoTone,
    Persona,
    PersonaImage,
    Source,
    Visibility,
)
from chalicelib.core.models.user import Identity, Provider, RefreshToken, Role, SpentLogin, User

__all__ = [
    "Base",
    "Identity",
    "ImageModel",
    "Job",
    "JobStatus",
    "MottoTone",
    "Persona",
    "PersonaImage",
    "Provider",
    "RefreshToken",
    "Role",
    "Source",
    "SpentLogin",
    "User",
    "Visibility",
]
