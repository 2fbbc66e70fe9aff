"""The models that OpenAI serves on the wire, and the day on which each shuts down."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Model:
    id: str
    purpose: str
    shutdown_date: str | None = None

    def describe(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "model",
            "created": 1_767_225_600,
            "owned_by": "openai",
            "shutdown_date": self.shutdown_date,
        }


_MODELS = (
    Model("gpt-6-sol", "text"),
    Model("gpt-6-luna", "text"),
    Model("gpt-5.6-sol", "text"),
    Model("gpt-5.6-terra", "text"),
    Model("gpt-5.6-luna", "text"),
    Model("gpt-5.5", "text"),
    Model("gpt-5.4", "text"),
    Model("gpt-5.4-mini", "text"),
    Model("gpt-5.4-nano", "text", "2027-04-01"),
    Model("gpt-5.2", "text"),
    Model("gpt-5.1", "text", "2027-04-01"),
    Model("gpt-5", "text", "2026-12-11"),
    Model("gpt-5-mini", "text", "2026-12-11"),
    Model("gpt-4.1", "text", "2027-01-14"),
    Model("gpt-4.1-mini", "text", "2027-01-14"),
    Model("gpt-4o", "text", "2027-01-14"),
    Model("gpt-4o-mini", "text", "2027-01-14"),
    Model("gpt-image-1-mini", "image"),
    Model("gpt-image-1.5", "image"),
    Model("gpt-image-2", "image"),
    Model("gpt-image-2.5-flare", "image"),
    Model("gpt-image-2.5-sunburst", "image"),
    Model("gpt-image-2.6-flare", "image"),
    Model("gpt-image-2.6-sunburst", "image"),
    Model("omni-moderation-latest", "moderation"),
    Model("gpt-4o-mini-tts", "speech", "2027-01-06"),
    Model("tts-1", "speech", "2027-01-06"),
)

CATALOGUE = {model.id: model for model in _MODELS}
