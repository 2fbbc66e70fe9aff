"""The laws of scoring, and examples worked out by hand."""

import math
from statistics import fmean

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.analyses import scoring
from chalicelib.analyses.instruments import MINI_IPIP, Reference, Trait
from chalicelib.analyses.scoring import Answers, Label, Sight
from chalicelib.core.models import InvalidReason
from tests.analyses.surveys import ANSWERS, ITEMS, A, C, E, N, O

FACTORS = {
    Trait.EXTRAVERSION: E,
    Trait.AGREEABLENESS: A,
    Trait.CONSCIENTIOUSNESS: C,
    Trait.EMOTIONAL_STABILITY: N,
    Trait.OPENNESS: O,
}
REFERENCE = Reference(mean=0.57, sd=0.225)

answer = st.integers(1, 5)
complete = st.fixed_dictionaries(dict.fromkeys(ITEMS, answer))
partial = st.fixed_dictionaries(dict.fromkeys(ITEMS, st.none() | answer))
level = st.floats(0, 1)
ratings = st.lists(level, min_size=scoring.MIN_RATERS, max_size=20)


def rate(answers: Answers) -> dict[Trait, float | None]:
    return scoring.rate(MINI_IPIP, answers)


def all_of(value: int | None) -> dict[str, int | None]:
    return dict.fromkeys(ITEMS, value)


def test_a_response_scored_by_hand() -> None:
    """ANSWERS, with R for 6 minus the answer:
    E 5, R2=4, 4, R1=5: mean 4.5;  A 4, R1=5, 3, R2=4: mean 4;  C 2, R4=2, 3, R5=1: mean 2;
    N 2, R4=2, 1, R3=3: mean 2;  O 5, R1=5, unknown, R2=4: mean 14/3.
    """
    assert rate(ANSWERS) == {
        Trait.EXTRAVERSION: pytest.approx(0.875),
        Trait.AGREEABLENESS: pytest.approx(0.75),
        Trait.CONSCIENTIOUSNESS: pytest.approx(0.25),
        Trait.EMOTIONAL_STABILITY: pytest.approx(0.75),
        Trait.OPENNESS: pytest.approx(11 / 12),
    }


def test_three_friends_scored_by_hand() -> None:
    """.875, .5 and .625: mean 2/3, sample deviation .190941; three raters have 72/123."""
    score = scoring.score_trait([0.875, 0.5, 0.625], REFERENCE)
    assert score.observed == pytest.approx(2 / 3)
    assert score.reliability == pytest.approx(0.96 / 1.64)
    assert score.estimate == pytest.approx(0.5853659 * 2 / 3 + 0.4146341 * 0.57)
    assert score.se == pytest.approx(0.1102396, abs=1e-6)
    assert score.label is Label.LOW


def test_own_answers_scored_by_hand() -> None:
    """E: .875 at alpha .77 is .77 * .875 + .23 * .57; its margin is .225 * sqrt(.23)."""
    score = scoring.score_self(MINI_IPIP, ANSWERS)[Trait.EXTRAVERSION]
    assert score.estimate == pytest.approx(0.80485)
    assert score.se == pytest.approx(0.1079062, abs=1e-6)
    assert (score.observed, score.reliability) == (0.875, 0.77)


@pytest.mark.parametrize(
    ("raters", "reliability", "label"),
    [
        (0, 0.00, Label.LOW),
        (1, 0.32, Label.LOW),
        (3, 0.59, Label.LOW),
        (4, 0.65, Label.FAIR),
        (5, 0.70, Label.FAIR),
        (8, 0.79, Label.GOOD),
        (12, 0.85, Label.GOOD),
    ],
)
def test_reliability_grows_as_spearman_and_brown_say(
    raters: int, reliability: float, label: Label
) -> None:
    assert round(scoring.spearman_brown(raters), 2) == reliability
    assert scoring.label_of(scoring.spearman_brown(raters)) is label


@pytest.mark.parametrize(
    ("reliability", "label"),
    [(0.5999, Label.LOW), (0.60, Label.FAIR), (0.75, Label.FAIR), (0.7501, Label.GOOD)],
)
def test_the_labels_change_at_their_bounds(reliability: float, label: Label) -> None:
    assert scoring.label_of(reliability) is label


@given(st.integers(1, 49))
def test_one_more_rater_never_makes_it_less_reliable(raters: int) -> None:
    assert scoring.spearman_brown(raters) < scoring.spearman_brown(raters + 1) < 1


@given(partial)
def test_a_rating_lies_between_0_and_1(answers: Answers) -> None:
    assert all(each is None or 0 <= each <= 1 for each in rate(answers).values())


@given(partial)
def test_opposite_answers_give_the_opposite_rating(answers: Answers) -> None:
    opposite = {item: None if each is None else 6 - each for item, each in answers.items()}
    for trait, each in rate(answers).items():
        other = rate(opposite)[trait]
        assert (other is None) is (each is None)
        assert each is None or other == pytest.approx(1 - each)


@given(complete, st.sampled_from(ITEMS))
def test_more_agreement_moves_one_trait_the_way_its_item_points(
    answers: dict[str, int], item: str
) -> None:
    assume(answers[item] < 5)
    before, after = rate(answers), rate(answers | {item: answers[item] + 1})
    [own] = [each for each in MINI_IPIP.items if each.id == item]
    scale = MINI_IPIP.factors[own.factor]
    step = -1 / 16 if own.reversed != scale.inverted else 1 / 16
    for trait, each in before.items():
        moved = step if trait is scale.trait else 0
        assert after[trait] == pytest.approx((each or 0) + moved)


def test_all_threes_are_the_middle() -> None:
    assert set(rate(all_of(3)).values()) == {0.5}


@pytest.mark.parametrize("value", range(1, 6))
def test_the_same_answer_to_all_items_does_not_count(value: int) -> None:
    assert scoring.invalid_reason(all_of(value)) is InvalidReason.STRAIGHT_LINE
    assert scoring.invalid_reason(all_of(value) | {"7": value % 5 + 1}) is None


@pytest.mark.parametrize(
    ("unknown", "counts"), [(0, True), (6, True), (7, False), (10, False), (20, False)]
)
def test_more_than_six_unknown_do_not_count(unknown: int, counts: bool) -> None:  # noqa: FBT001
    answers = {**ANSWERS, "15": 3} | dict.fromkeys(ITEMS[:unknown])
    reason = scoring.invalid_reason(answers)
    assert reason is (None if counts else InvalidReason.TOO_MANY_UNKNOWN)


@pytest.mark.parametrize("trait", Trait)
@given(complete)
def test_a_trait_needs_three_of_its_four_items(trait: Trait, answers: dict[str, int]) -> None:
    first, second, *rest = FACTORS[trait]
    one_missing = rate(answers | {first: None})[trait]
    assert one_missing is not None
    assert rate(answers | {first: None, second: None})[trait] is None
    alone = {**dict.fromkeys(ITEMS), **{item: answers[item] for item in (second, *rest)}}
    assert rate(alone)[trait] == one_missing


@given(
    st.lists(complete, min_size=3, max_size=6).flatmap(
        lambda responses: st.tuples(st.just(responses), st.permutations(responses))
    )
)
def test_the_order_of_friends_does_not_matter(
    orders: tuple[list[dict[str, int | None]], list[dict[str, int | None]]],
) -> None:
    one, other = (scoring.score_friends(MINI_IPIP, responses) for responses in orders)
    for trait, score in one.items():
        assert other[trait].estimate == pytest.approx(score.estimate)
        assert other[trait].se == pytest.approx(score.se)


@given(ratings)
def test_the_estimate_lies_between_what_was_seen_and_what_is_usual(seen: list[float]) -> None:
    score = scoring.score_trait(seen, REFERENCE)
    low, high = sorted((fmean(seen), REFERENCE.mean))
    assert low - 1e-9 <= score.estimate <= high + 1e-9
    assert score.se >= scoring.MIN_SE


@given(level, level, st.integers(3, 49))
def test_the_estimate_grows_with_what_was_seen(first: float, second: float, raters: int) -> None:
    low, high = sorted((first, second))
    estimates = [scoring.score_trait([each] * raters, REFERENCE).estimate for each in (low, high)]
    assert estimates[0] <= estimates[1] + 1e-9


@given(level, st.integers(3, 49))
def test_more_friends_pull_the_estimate_to_what_they_see(seen: float, raters: int) -> None:
    few, many = (
        scoring.score_trait([seen] * number, REFERENCE).estimate for number in (raters, raters + 1)
    )
    assert abs(many - seen) <= abs(few - seen) + 1e-9


@pytest.mark.parametrize("raters", range(3))
def test_fewer_than_three_friends_show_nothing(raters: int) -> None:
    score = scoring.score_trait([0.9] * raters, REFERENCE)
    assert (score.observed, score.estimate, score.se) == (None, 0.57, 0.225)
    assert (score.reliability, score.label) == (0, Label.LOW)


def test_friends_who_agree_are_still_not_certain() -> None:
    assert scoring.score_trait([0.7] * 12, REFERENCE).se == 0.05


@given(level, level)
def test_a_blind_spot_looks_the_other_way_from_the_other_side(own: float, friends: float) -> None:
    turned = {Sight.FRIENDS: Sight.SELF, Sight.SELF: Sight.FRIENDS, Sight.BOTH: Sight.BOTH}
    seen = scoring.compare(own, friends, REFERENCE)
    assert scoring.compare(friends, own, REFERENCE) is turned[seen]


@pytest.mark.parametrize(
    ("own", "friends", "sight"),
    [
        (0.50, 0.67, Sight.BOTH),
        (0.50, 0.69, Sight.FRIENDS),
        (0.69, 0.50, Sight.SELF),
        (0.50, 0.50, Sight.BOTH),
    ],
)
def test_a_blind_spot_is_eight_tenths_of_a_deviation(
    own: float, friends: float, sight: Sight
) -> None:
    assert math.isclose(scoring.BLIND_SPOT_SDS * REFERENCE.sd, 0.18)
    assert scoring.compare(own, friends, REFERENCE) is sight
