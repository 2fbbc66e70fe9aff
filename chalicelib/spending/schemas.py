import datetime as dt
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.core.models import UsageKind


class UsageQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    days: Annotated[int, Field(ge=1, le=90)] = 30


class UsageRead(BaseModel):
    """What was asked of one model on one day (UTC). A million `cost_micros` are one dollar. A call
    whose outcome is not known counts with the most that it can cost."""

    day: dt.date
    kind: UsageKind
    provider: str
    model: str
    calls: int
    units: dict[str, int]
    cost_micros: int


class LimitRead(BaseModel):
    """`used` counts what is set aside for jobs under way."""

    size: int
    used: int
    left: int


class LimitsRead(BaseModel):
    texts: LimitRead
    images: LimitRead


class UsagePage(BaseModel):
    """The newest day first; `limits` are today's, and start anew at `resets_at`."""

    items: list[UsageRead]
    limits: LimitsRead
    resets_at: dt.datetime
