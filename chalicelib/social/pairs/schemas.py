from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chalicelib.analyses.instruments import Trait
from chalicelib.core.models import TraitSource
from chalicelib.social.chemistry import Label


class ChemistryQuery(BaseModel):
    """Whose chemistry: `target_user_id` names somebody whose public persona is compared with
    yours; or `a` and `b` are the ids of two personas that you may see."""

    model_config = ConfigDict(extra="forbid")

    target_user_id: UUID | None = None
    a: UUID | None = None
    b: UUID | None = None

    @model_validator(mode="after")
    def _names_a_pair(self) -> "ChemistryQuery":
        ids = [self.a, self.b]
        if (self.target_user_id is None) == (ids == [None, None]) or ids.count(None) == 1:
            message = "give either `target_user_id`, or both `a` and `b`"
            raise ValueError(message)
        if self.a is not None and self.a == self.b:
            message = "`a` and `b` must be two personas"
            raise ValueError(message)
        return self


class ContributionRead(BaseModel):
    """What one trait adds to the 50 of a typical pair, or takes away, and why."""

    trait: Trait
    points: float
    direction: Literal["up", "down", "even"]
    why: str


class BasisRead(BaseModel):
    """Where a profile comes from; `n` is how many friends answered, null if nobody was asked."""

    source: TraitSource
    n: int | None


class PairBasisRead(BaseModel):
    a: BasisRead
    b: BasisRead


Tenths = Annotated[float, Field(ge=0, le=100)]


class ScoreRead(BaseModel):
    """What is the same whichever of the two asks."""

    score: Tenths
    percentile: Tenths
    margin: float
    label: Label
    summary: str
    contributions: list[ContributionRead]
    version: int
    clipped: bool
    caveat: str


class ChemistryRead(ScoreRead):
    """`score` has 50 for a typical pair and ten points a standard deviation, give or take
    `margin`; `percentile` is the share of pairs below it. The points of the five contributions
    add up to the score less 50, unless `clipped` says that the scale has ended before."""

    basis: PairBasisRead
