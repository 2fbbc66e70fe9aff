"""Traits in words: nine levels of each, in order."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.analyses.instruments import Trait
from chalicelib.personas.brief import (
    LEVELS,
    SCALES,
    describe,
    level_of,
    sentence,
    stress,
    write_brief,
)

UNIT = st.floats(0, 1)

NINE = [
    (0.05, "extremely quiet, extremely reserved and extremely withdrawn"),
    (0.17, "very quiet, very reserved and very withdrawn"),
    (0.28, "quiet, reserved and withdrawn"),
    (0.39, "a bit quiet, a bit reserved and a bit withdrawn"),
    (
        0.50,
        (
            "neither quiet nor talkative; neither reserved nor outgoing; "
            "neither withdrawn nor energetic"
        ),
    ),
    (0.61, "a bit talkative, a bit outgoing and a bit energetic"),
    (0.72, "talkative, outgoing and energetic"),
    (0.83, "very talkative, very outgoing and very energetic"),
    (0.95, "extremely talkative, extremely outgoing and extremely energetic"),
]


@pytest.mark.parametrize(("level", "words"), NINE)
def test_a_level_has_its_words(level: float, words: str) -> None:
    assert describe(Trait.EXTRAVERSION, level) == words


@pytest.mark.parametrize("trait", Trait)
def test_each_trait_has_nine_levels_that_read_differently(trait: Trait) -> None:
    said = [describe(trait, (step + 0.5) / LEVELS) for step in range(LEVELS)]
    assert len(set(said)) == LEVELS


@pytest.mark.parametrize(("level", "step"), [(0.0, 0), (1 / 9, 1), (4 / 9, 4), (1.0, 8)])
def test_the_levels_are_of_one_width(level: float, step: int) -> None:
    assert level_of(level) == step


@given(UNIT, UNIT)
def test_more_of_a_trait_is_never_told_as_less(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert level_of(low) <= level_of(high)


@given(UNIT)
def test_the_two_poles_mirror_each_other(level: float) -> None:
    if level * LEVELS % 1:  # on the border between two levels, one of the two has to have it
        assert level_of(level) + level_of(1 - level) == LEVELS - 1


@given(st.tuples(UNIT, UNIT, UNIT, UNIT, UNIT))
def test_no_brief_holds_a_number_or_the_word_neurotic(levels: tuple[float, ...]) -> None:
    brief = write_brief(dict(zip(Trait, levels, strict=True)))
    told = " ".join([sentence(brief), *(scale.name for scale in SCALES.values())])
    assert not re.search(r"\d|neurotic", told, re.IGNORECASE)
    assert set(brief) == set(Trait)


@pytest.mark.parametrize("trait", Trait)
@pytest.mark.parametrize("level", [0.05, 0.3, 0.7, 0.95])
def test_force_names_the_other_pole_as_what_this_is_not(trait: Trait, level: float) -> None:
    scale = SCALES[trait]
    opposite = scale.high if level < 0.5 else scale.low
    meant, _, denied = stress(trait, level).partition("hardly ever")
    assert meant.startswith(describe(trait, level))
    assert all(word in denied and word not in meant for word in opposite)


def test_force_in_the_middle_leans_to_no_side() -> None:
    assert stress(Trait.OPENNESS, 0.5).startswith(describe(Trait.OPENNESS, 0.5))
    assert "hardly ever" not in stress(Trait.OPENNESS, 0.5)


def test_the_two_poles_of_a_trait_share_no_word() -> None:
    words = [word for scale in SCALES.values() for word in (*scale.low, *scale.high)]
    assert len(words) == len(set(words)) == 30
