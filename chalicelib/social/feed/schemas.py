import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from chalicelib.core.models import Engagement, ModerationStatus, Source, Target
from chalicelib.core.text import AtMost, Line, Prose
from chalicelib.personas.schemas import ImageRead, Tag
from chalicelib.social.feed.cursors import MAX_LENGTH

MAX_PAGE = 25
"""A row of a page is a page of the table: this keeps any page below 60 of them."""
WORD_LENGTH = 3


class Sort(StrEnum):
    HOT = "hot"
    TOP = "top"
    NEW = "new"


def _words(value: str) -> str:
    if re.search(rf"[^\W_]{{{WORD_LENGTH}}}", value) is None:
        message = f"must hold {WORD_LENGTH} letters or digits in a row"
        raise ValueError(message)
    return value


class FeedQuery(BaseModel):
    """`q` searches names and texts, and ranks what it finds; otherwise the list is in the order of
    `sort`: hot if it is left out. With `tag`, only what bears it."""

    model_config = ConfigDict(extra="forbid")

    sort: Sort | None = None
    tag: Tag | None = None
    q: Annotated[Line, AtMost(100), AfterValidator(_words)] | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 20
    cursor: Annotated[str, StringConstraints(min_length=1, max_length=MAX_LENGTH)] | None = None

    @model_validator(mode="after")
    def _is_one_list(self) -> "FeedQuery":
        if self.q is not None and (self.sort or self.tag):
            message = "`q` is ranked by itself: leave out `sort` and `tag`"
            raise ValueError(message)
        return self


class CountsRead(BaseModel):
    upvotes: int
    downvotes: int
    likes: int
    views: int
    shares: int


class FeedItem(BaseModel):
    """A public persona as a list shows it; `/personas/{id}` shows the rest."""

    id: UUID
    name: str
    ai_generated: Literal[True]
    source: Source
    title: str | None
    motto: str | None
    archetype: str | None
    basis: str | None
    tags: list[str]
    image: ImageRead | None
    listed_at: datetime
    score: int
    counts: CountsRead


class FeedPage(BaseModel):
    """Either cursor is null where the list ends on that side."""

    items: list[FeedItem]
    next_cursor: str | None
    previous_cursor: str | None


class EngagementCreate(BaseModel):
    """A vote or a like that is sent again is taken back; the other vote takes the place of the
    first. A view and a share count once a day. Without an account there are views only: they count
    with the `visitor_token` that the first answer gives."""

    model_config = ConfigDict(extra="forbid")

    target_type: Target
    target_id: UUID
    kind: Engagement
    visitor_token: Annotated[str, StringConstraints(max_length=200)] | None = None


class MineRead(BaseModel):
    """What the caller has done with the target; `viewed` and `shared` say today (UTC)."""

    vote: Literal["up", "down"] | None
    liked: bool
    viewed: bool
    shared: bool


class EngagementRead(BaseModel):
    counts: CountsRead
    score: int
    mine: MineRead
    visitor_token: str | None


class ReportCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    target_type: Target
    target_id: UUID
    reason: Annotated[Prose, AtMost(1000)]


class ReportRead(BaseModel):
    id: UUID
    status: ModerationStatus


class TrendsQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    window: Literal["1d", "7d", "30d"] = "7d"


class TrendRead(BaseModel):
    """`count` upvotes, likes and shares went to `n` personas with this tag; `change` is how many
    more than in the window before, null if that was not counted in full."""

    tag: str
    count: int
    change: int | None
    n: int


class TrendsRead(BaseModel):
    """What was counted since `since`: all of the window if `complete`, else its newest events."""

    window: str
    since: datetime
    events: int
    complete: bool
    tags: list[TrendRead]
