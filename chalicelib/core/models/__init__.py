"""Every table, in one import, so that Alembic and the foreign keys see them all."""

from chalicelib.core.models.analysis import (
    Analysis,
    AnalysisResponse,
    AnalysisStatus,
    InvalidReason,
    Relation,
    TraitProfile,
    TraitSource,
)
from chalicelib.core.models.base import Base
from chalicelib.core.models.conversation import (
    Conversation,
    ConversationMode,
    ConversationStatus,
    Message,
    Moderation,
    Participant,
    ParticipantRole,
    Turn,
    Voice,
)
from chalicelib.core.models.idempotency import IdempotencyRecord
from chalicelib.core.models.job import Job, JobStatus
from chalicelib.core.models.notice import VendorNotice
from chalicelib.core.models.persona import (
    DoomedObject,
    ImageModel,
    MottoTone,
    Persona,
    PersonaImage,
    Source,
    Visibility,
)
from chalicelib.core.models.social import (
    Engagement,
    EngagementEvent,
    FeedEntry,
    ModerationItem,
    ModerationStatus,
    Target,
)
from chalicelib.core.models.spending import (
    Breaker,
    DailyCost,
    DailyUsage,
    Reservation,
    UsageEvent,
    UsageKind,
    UsageStatus,
)
from chalicelib.core.models.user import Identity, Provider, RefreshToken, Role, SpentLogin, User

__all__ = [
    "Analysis",
    "AnalysisResponse",
    "AnalysisStatus",
    "Base",
    "Breaker",
    "Conversation",
    "ConversationMode",
    "ConversationStatus",
    "DailyCost",
    "DailyUsage",
    "DoomedObject",
    "Engagement",
    "EngagementEvent",
    "FeedEntry",
    "IdempotencyRecord",
    "Identity",
    "ImageModel",
    "InvalidReason",
    "Job",
    "JobStatus",
    "Message",
    "Moderation",
    "ModerationItem",
    "ModerationStatus",
    "MottoTone",
    "Participant",
    "ParticipantRole",
    "Persona",
    "PersonaImage",
    "Provider",
    "RefreshToken",
    "Relation",
    "Reservation",
    "Role",
    "Source",
    "SpentLogin",
    "Target",
    "TraitProfile",
    "TraitSource",
    "Turn",
    "UsageEvent",
    "UsageKind",
    "UsageStatus",
    "User",
    "VendorNotice",
    "Visibility",
    "Voice",
]
