"""The questionnaire as data: `mini_ipip.json`, read once and checked as it is read."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

_CONTENT = Path(__file__).with_name("mini_ipip.json").read_bytes()

Factor = Literal["E", "A", "C", "N", "O"]


class Trait(StrEnum):
    OPENNESS = "openness"
    CONSCIENTIOUSNESS = "conscientiousness"
    EXTRAVERSION = "extraversion"
    AGREEABLENESS = "agreeableness"
    EMOTIONAL_STABILITY = "emotional_stability"


class Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Scale(Data):
    """The published scale `factor` measures our trait, or its opposite where it is `inverted`."""

    trait: Trait
    inverted: bool
    alpha: float


class Item(Data):
    """A statement, in the first person and in the third. `reversed` counts 6 minus the answer."""

    id: str
    factor: Factor
    reversed: bool
    self: str
    friend: str


class FreeQuestion(Data):
    """An optional question that is answered in words. It never counts towards a score."""

    id: str
    text: str
    max_length: int


class Reference(Data):
    """What is usual, on 0..1: the mean and the standard deviation over many people."""

    mean: float
    sd: float


class References(Data):
    verified: bool
    source: str
    traits: Mapping[Trait, Reference]


class Instrument(Data):
    id: str
    name: str
    language: str
    citation: str
    licence: str
    wording: str
    scale: Mapping[int, str]
    factors: Mapping[Factor, Scale]
    items: Sequence[Item]
    questions: Sequence[FreeQuestion]
    consent: str
    references: References


MINI_IPIP = Instrument.model_validate_json(_CONTENT)
ETAG = f'"{sha256(_CONTENT).hexdigest()[:16]}"'
