from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
)

from chalicelib.analyses.instruments import (
    MINI_IPIP,
    FreeQuestion,
    Instrument,
    Item,
    Trait,
)
from chalicelib.analyses.scoring import MIN_RATERS, Label, Sight, TraitScore
from chalicelib.core.models import Relation, TraitSource
from chalicelib.core.text import Line, Prose

AnalysisKey = Annotated[UUID | str, Field(union_mode="left_to_right")]
"""One place in the path takes both: the id, from the owner, or the share token, from anybody."""

Progress = Literal["collecting", "ready_to_generate", "closed", "archived"]
Answer = Annotated[int, Field(strict=True, ge=1, le=5)]

_ITEMS = frozenset(item.id for item in MINI_IPIP.items)


def _complete(answers: dict[str, Answer | None]) -> dict[str, Answer | None]:
    if answers.keys() != _ITEMS:
        message = f'must hold each of the items "1" to "{len(_ITEMS)}", null for "don\'t know"'
        raise ValueError(message)
    return answers


Answers = Annotated[
    dict[str, Answer | None], Field(max_length=len(_ITEMS)), AfterValidator(_complete)
]


class AnalysisCreate(BaseModel):
    """`subject_name` left out is your own name. `language` is that of the questions."""

    model_config = ConfigDict(extra="forbid")

    subject_name: Annotated[Line, StringConstraints(max_length=80)] | None = None
    min_responses: Annotated[int, Field(strict=True, ge=MIN_RATERS, le=20)] = MIN_RATERS
    expires_in_days: Annotated[int, Field(strict=True, ge=1, le=90)] = 30
    language: Literal["en"] = "en"


class CreateQuery(BaseModel):
    """`replace` closes the analysis that is collecting now."""

    model_config = ConfigDict(extra="forbid")

    replace: bool = False


class AnalysisUpdate(BaseModel):
    """What is left out stays as it is. `rotate_link` makes the old link worthless."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["closed", "archived"] | None = None
    expires_at: AwareDatetime | None = None
    rotate_link: bool = False


class AnalysesQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: UUID | None = None


class FreeText(BaseModel):
    """Answers in the respondent's own words, by the ids of the free-text questions."""

    model_config = ConfigDict(extra="forbid")

    one_word: Annotated[Line, StringConstraints(max_length=40)] | None = None
    come_to_for: Annotated[Prose, StringConstraints(max_length=200)] | None = None
    known_for: Annotated[Prose, StringConstraints(max_length=200)] | None = None


class ResponseCreate(BaseModel):
    """`answers` holds every item: 1 (very inaccurate) to 5 (very accurate), or null for "don't
    know". `familiarity` is how well you know the person, 1 to 5."""

    model_config = ConfigDict(extra="forbid")

    respondent_token: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    answers: Answers
    relation: Relation | None = None
    familiarity: Annotated[int, Field(strict=True, ge=1, le=5)] | None = None
    free_text: FreeText = FreeText()


class SelfAnswers(BaseModel):
    model_config = ConfigDict(extra="forbid")

    answers: Answers


class InstrumentsRead(BaseModel):
    instruments: list[Instrument]


class ReliabilityRead(BaseModel):
    """How far as many other friends would agree with these: 0 to 1, and in a word."""

    value: float
    label: Label


class AnalysisRead(BaseModel):
    """`share_url` and `share_token` are shown once: when the link is made. `response_count` counts
    valid answers; `ready` says that there are `min_responses` of them."""

    id: UUID
    share_url: str | None
    share_token: str | None
    status: Progress
    instrument: str
    subject_name: str
    min_responses: int
    response_count: int
    ready: bool
    reliability_if_generated_now: ReliabilityRead
    created_at: datetime
    expires_at: datetime


class AnalysisPage(BaseModel):
    items: list[AnalysisRead]
    next_cursor: UUID | None


class QuestionRead(BaseModel):
    id: str
    text: str

    @classmethod
    def of(cls, item: Item) -> "QuestionRead":
        return cls(id=item.id, text=item.friend)


class SurveyRead(BaseModel):
    """What a friend sees. The respondent token belongs to this survey, and answers it once."""

    creator_name: str
    subject_name: str
    questions: list[QuestionRead]
    free_text_questions: Sequence[FreeQuestion]
    consent: str
    respondent_token: str
    expires_at: datetime


class ResponseRecorded(BaseModel):
    status: Literal["recorded"]
    response_count: int
    result_teaser: str


class TraitScoreRead(BaseModel):
    """On 0 to 1. `observed` is null where fewer than three friends could say; `estimate` is what
    to reckon with, give or take `se`."""

    observed: float | None
    estimate: float
    se: float
    reliability: float
    label: Label

    @classmethod
    def of(cls, score: TraitScore) -> "TraitScoreRead":
        return cls(
            observed=None if score.observed is None else round(score.observed, 2),
            estimate=round(score.estimate, 2),
            se=round(score.se, 2),
            reliability=round(score.reliability, 2),
            label=score.label,
        )


class TraitScoresRead(BaseModel):
    openness: TraitScoreRead
    conscientiousness: TraitScoreRead
    extraversion: TraitScoreRead
    agreeableness: TraitScoreRead
    emotional_stability: TraitScoreRead

    @classmethod
    def of(cls, scores: Mapping[Trait, TraitScore]) -> "TraitScoresRead":
        return cls(**{trait.value: TraitScoreRead.of(score) for trait, score in scores.items()})


class BlindSpotRead(BaseModel):
    """A trait as you answered it beside how your friends did; `label` says who sees it."""

    trait: Trait
    self: float
    friends: float
    label: Sight


class SelfRead(BaseModel):
    source: TraitSource
    instrument: str
    scoring_version: int
    traits: TraitScoresRead


class ResultsRead(BaseModel):
    """What `n` friends answered, together. `words` is what they wrote, in no order."""

    n: int
    instrument: str
    scoring_version: int
    traits: TraitScoresRead
    words: list[str]
    blind_spots: list[BlindSpotRead]
