"""The nearest of eight, and why."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.analyses.instruments import Trait
from chalicelib.personas.archetypes import ARCHETYPES, MIDDLE, cosine, nearest, stored_archetype

PROFILES = st.tuples(*[st.floats(0, 1)] * 5).map(
    lambda levels: dict(zip(Trait, levels, strict=True))
)


def profile(*levels: float) -> dict[Trait, float]:
    return dict(zip(Trait, levels, strict=True))


def test_there_are_eight_and_no_two_are_alike() -> None:
    assert len({each.id for each in ARCHETYPES}) == len(ARCHETYPES) == 8
    assert all(set(each.traits) == set(Trait) for each in ARCHETYPES)
    alike = max(cosine(one.traits, other.traits) for one, other in combinations(ARCHETYPES, 2))
    assert alike < 0.7


OPEN, ORDERLY, OUTGOING, AGREEABLE, STABLE = Trait


@pytest.mark.parametrize(
    ("levels", "found", "deciding"),
    [
        (profile(0.95, 0.30, 0.70, 0.50, 0.60), "explorer", (OPEN, ORDERLY)),
        (profile(0.55, 0.50, 0.95, 0.85, 0.60), "host", (OUTGOING, AGREEABLE)),
        (profile(0.35, 0.95, 0.45, 0.60, 0.60), "steward", (ORDERLY, OPEN)),
        (profile(0.85, 0.55, 0.10, 0.50, 0.55), "thinker", (OUTGOING, OPEN)),
        (profile(0.55, 0.60, 0.40, 0.95, 0.55), "caretaker", (AGREEABLE, ORDERLY)),
        (profile(0.60, 0.60, 0.75, 0.05, 0.55), "challenger", (AGREEABLE, OUTGOING)),
        (profile(0.45, 0.60, 0.45, 0.55, 0.95), "rock", (STABLE, ORDERLY)),
        (profile(0.85, 0.40, 0.40, 0.60, 0.05), "poet", (STABLE, OPEN)),
    ],
)
def test_a_profile_has_its_archetype(
    levels: dict[Trait, float], found: str, deciding: tuple[Trait, Trait]
) -> None:
    stored = stored_archetype(levels)
    assert stored is not None
    assert (stored["id"], stored["deciding"]) == (found, list(deciding))


def test_the_explanation_names_the_two_traits_in_words() -> None:
    stored = stored_archetype(profile(0.85, 0.40, 0.40, 0.60, 0.05))
    assert stored is not None
    assert stored["explanation"] == (
        "The Poet, mostly because of emotional stability / sensitivity (extremely sensitive, "
        "extremely restless and extremely easily worried) and openness (very curious, very "
        "imaginative and very inventive)."
    )


def test_who_stands_in_the_middle_has_none() -> None:
    assert stored_archetype(profile(*[MIDDLE] * 5)) is None


def test_a_trait_in_the_middle_decides_nothing() -> None:
    stored = stored_archetype(profile(0.5, 0.5, 0.9, 0.5, 0.5))
    assert stored is not None
    assert stored["deciding"] == [OUTGOING]
    assert stored["explanation"] == (
        "The Host, mostly because of extraversion (extremely talkative, extremely outgoing "
        "and extremely energetic)."
    )


@given(PROFILES)
def test_no_other_is_nearer(levels: dict[Trait, float]) -> None:
    if (match := nearest(levels)) is None:
        return
    centred = {trait: levels[trait] - MIDDLE for trait in Trait}
    assert match.similarity >= max(cosine(centred, each.traits) for each in ARCHETYPES) - 1e-9
    shares = {trait: centred[trait] * match.archetype.traits[trait] for trait in Trait}
    others = [shares[trait] for trait in Trait if trait not in match.deciding]
    assert min(shares[trait] for trait in match.deciding) >= max(others)


@given(PROFILES, st.floats(0.1, 1))
def test_how_far_somebody_goes_in_a_direction_does_not_matter(
    levels: dict[Trait, float], share: float
) -> None:
    nearer = {trait: MIDDLE + share * (level - MIDDLE) for trait, level in levels.items()}
    one, other = nearest(levels), nearest(nearer)
    if one and other:
        assert one.similarity == pytest.approx(other.similarity, abs=1e-6)


@pytest.mark.parametrize("archetype", ARCHETYPES, ids=lambda each: str(each.id))
def test_whoever_goes_an_archetypes_way_is_of_it(archetype: object) -> None:
    [chosen] = [each for each in ARCHETYPES if each is archetype]
    match = nearest({trait: MIDDLE + 0.3 * chosen.traits[trait] for trait in Trait})
    assert match is not None
    assert match.archetype is chosen
    assert match.similarity == pytest.approx(1)
