"""Replicate's predictions: they are ordered, they run, they end, and they outlive a restart."""

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Condition, Thread
from typing import Any, Literal

from pydantic import BaseModel, Field

from local.vendors.portrait import draw_portrait
from local.vendors.webhooks import Webhooks

KEPT_FOR = timedelta(hours=1)
_STARTING_SHARE = 0.2

Status = Literal["starting", "processing", "succeeded", "failed", "canceled"]


class Prediction(BaseModel):
    id: str = Field(default_factory=lambda: secrets.token_hex(13))
    model: str
    version: str
    input: dict[str, Any]
    output: list[str] | None = None
    logs: str = ""
    error: str | None = None
    status: Status = "starting"
    metrics: dict[str, float] = {}
    created_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    started_at: datetime | None = None
    completed_at: datetime | None = None

    webhook: str | None = Field(default=None, exclude=True)
    webhook_events: list[str] = Field(default=["start", "completed"], exclude=True)
    seconds: float = Field(exclude=True)
    fate: Status = Field(default="succeeded", exclude=True)
    """How it ends; `processing` says that it never does."""
    fate_error: str | None = Field(default=None, exclude=True)
    foreign_output: list[str] | None = Field(default=None, exclude=True)

    @property
    def prompt(self) -> str:
        return str(self.input.get("prompt", ""))

    @property
    def is_final(self) -> bool:
        return self.status in {"succeeded", "failed", "canceled"}

    @property
    def pictures(self) -> list[str]:
        count = min(max(int(self.input.get("num_outputs", 1)), 1), 4)
        return [self.id, *(f"{self.id}-{index}" for index in range(1, count))]
