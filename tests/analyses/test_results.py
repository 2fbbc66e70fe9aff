"""What friends answered, together; never what one of them did."""

from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import AnalysisResponse, TraitProfile
from tests.analyses.surveys import (
    ANSWERS,
    ITEMS,
    TRAITS,
    A,
    E,
    N,
    O,
    Survey,
    collect,
    open_survey,
    respond,
)
from tests.client import Api

# Extraversion .875, .5 and .625; the rest alike.
FRIENDS = (
    ANSWERS,
    ANSWERS | dict(zip(E, (3, 3, 3, 3), strict=True)),
    ANSWERS | dict(zip(E, (4, 3, 4, 3), strict=True)),
)


@pytest.fixture
def survey(api: Api) -> Survey:
    return open_survey(api)


def test_three_friends_together(visitor: Api, survey: Survey) -> None:
    collect(visitor, survey, *FRIENDS)
    answer = survey.results()
    assert answer.status == 200
    results = answer.json
    assert set(results) == {
        "n", "instrument", "scoring_version", "traits", "words", "blind_spots",
    }  # fmt: skip
    assert (results["n"], results["instrument"], results["scoring_version"]) == (3, "mini-ipip", 1)
    assert set(results["traits"]) == TRAITS
    assert results["traits"]["extraversion"] == {
        "observed": 0.67, "estimate": 0.63, "se": 0.11, "reliability": 0.59, "label": "low",
    }  # fmt: skip
    assert (results["words"], results["blind_spots"]) == ([], [])


def test_stability_is_the_other_end_of_n(visitor: Api, survey: Survey) -> None:
    moody = ANSWERS | dict(zip(N, (5, 2, 5, 2), strict=True))
    collect(visitor, survey, moody, moody, moody)
    assert survey.results().json["traits"]["emotional_stability"]["observed"] == 0.12


def test_two_friends_are_too_few(visitor: Api, survey: Survey) -> None:
    collect(visitor, survey, ANSWERS, ANSWERS)
    answer = survey.results()
    assert (answer.status, answer.code, answer.json["missing"]) == (409, "too_few_responses", 1)
    assert answer.json["detail"].startswith("1 more valid answer is needed.")


def test_the_owner_may_ask_for_more_than_three(api: Api, visitor: Api) -> None:
    survey = open_survey(api, min_responses=4)
    collect(visitor, survey, *FRIENDS)
    assert survey.results().code == "too_few_responses"
    collect(visitor, survey, ANSWERS)
    assert survey.results().json["n"] == 4


def test_what_does_not_count_is_not_shown(visitor: Api, survey: Survey) -> None:
    collect(visitor, survey, *FRIENDS[:2])
    respond(visitor, survey, answers=dict.fromkeys(ITEMS, 5), free_text={"one_word": "hidden"})
    assert survey.results().code == "too_few_responses"
    collect(visitor, survey, FRIENDS[2])
    results = survey.results()
    assert (results.json["n"], results.json["traits"]["extraversion"]["observed"]) == (3, 0.67)
    assert "hidden" not in results.text


def test_a_trait_that_fewer_than_three_could_judge_is_not_shown(
    visitor: Api, survey: Survey
) -> None:
    unsure = ANSWERS | dict.fromkeys(E[:2])
    collect(visitor, survey, ANSWERS, ANSWERS, unsure)
    traits = survey.results().json["traits"]
    assert traits["extraversion"] == {
        "observed": None, "estimate": 0.57, "se": 0.23, "reliability": 0.0, "label": "low",
    }  # fmt: skip
    assert traits["agreeableness"]["observed"] == 0.75


def test_results_stay_after_the_end(api: Api, visitor: Api, survey: Survey) -> None:
    collect(visitor, survey, *FRIENDS)
    before = survey.results().json
    api.patch(survey.path, {"status": "closed"})
    assert survey.results().json == before


def _written(visitor: Api, survey: Survey, order: Any) -> list[str]:
    for texts in order:
        respond(visitor, survey, free_text=texts)
    return list(survey.results().json["words"])


def test_the_words_come_in_no_order(visitor: Api, survey: Survey, session: Session) -> None:
    """Whoever answers first, and whatever they write together, the list is the same."""
    texts = [
        {"one_word": f"word {n}", "come_to_for": f"help {n}", "known_for": f"habit {n}"}
        for n in range(3)
    ]
    lists = []
    for order in permutations(texts):
        lists.append(_written(visitor, survey, order))
        mine = AnalysisResponse.analysis_id == survey.id
        session.execute(sa.delete(AnalysisResponse).where(mine))
    as_written = [text for each in texts for text in each.values()]
    assert all(words == lists[0] for words in lists)
    assert sorted(lists[0]) == sorted(as_written)
    assert lists[0] != as_written


def test_a_word_that_two_friends_chose_is_there_twice(visitor: Api, survey: Survey) -> None:
    texts = [{"one_word": "kind"}, {"one_word": "kind"}, {}]
    assert _written(visitor, survey, texts) == ["kind", "kind"]


def test_the_words_hold_no_markup_and_no_address(visitor: Api, survey: Survey) -> None:
    texts = [
        {"one_word": "<b>kind</b>", "come_to_for": "tea, see https://evil.example/x?y=1"},
        {"one_word": "<script>", "known_for": "[a prize](https://evil.example) \u200bfor you"},
        {"known_for": "puns; 1 < 2 & so on"},
    ]
    written = _written(visitor, survey, texts)
    assert sorted(written) == ["a prize for you", "kind", "puns; 1 < 2 & so on", "tea, see"]


def test_nothing_in_the_results_belongs_to_one_friend(visitor: Api, survey: Survey) -> None:
    for answers in FRIENDS:
        respond(visitor, survey, answers=answers, relation="partner", familiarity=5)
    text = survey.results().text
    assert not [word for word in ("partner", "familiarity", "answers", "respond") if word in text]


def test_my_own_answers_make_a_profile(survey: Survey) -> None:
    answer = survey.put_self(ANSWERS)
    assert answer.status == 200
    profile = answer.json
    assert (profile["source"], profile["instrument"]) == ("self", "mini-ipip")
    assert profile["scoring_version"] == 1
    assert profile["traits"]["extraversion"] == {
        "observed": 0.88, "estimate": 0.8, "se": 0.11, "reliability": 0.77, "label": "good",
    }  # fmt: skip


def test_answering_again_replaces_what_i_said(survey: Survey, session: Session) -> None:
    survey.put_self(ANSWERS)
    changed = survey.put_self(ANSWERS | {E[0]: 1})
    assert changed.json["traits"]["extraversion"]["observed"] == 0.62
    mine = sa.select(TraitProfile).where(TraitProfile.analysis_id == survey.id)
    [profile] = session.scalars(mine)
    assert profile.traits["extraversion"]["observed"] == 0.625
    assert profile.updated_at > profile.created_at


def test_my_own_answers_are_no_friends(api: Api, survey: Survey) -> None:
    survey.put_self(ANSWERS)
    assert api.get("/analyses/me").json["response_count"] == 0


@pytest.mark.parametrize("answers", [dict.fromkeys(ITEMS, 4), ANSWERS | dict.fromkeys(ITEMS[:7])])
def test_own_answers_that_do_not_count_are_refused(
    survey: Survey, answers: dict[str, int | None]
) -> None:
    answer = survey.put_self(answers)
    assert (answer.status, answer.code) == (422, "invalid_self_answers")


def test_blind_spots_say_who_sees_what(visitor: Api, survey: Survey) -> None:
    collect(visitor, survey, *FRIENDS)
    shy_and_kind = zip((*E, *A), (1, 5, 1, 5, 5, 1, 5, 1), strict=True)
    survey.put_self({**ANSWERS, **dict(shy_and_kind)})
    spots = {each.pop("trait"): each for each in survey.results().json["blind_spots"]}
    assert set(spots) == TRAITS
    assert spots["extraversion"] == {"self": 0.0, "friends": 0.67, "label": "friends_see_it"}
    assert spots["agreeableness"] == {"self": 1.0, "friends": 0.75, "label": "only_you_see_it"}
    assert spots["conscientiousness"]["label"] == "both_see_it"


def test_there_is_no_blind_spot_where_one_side_is_silent(visitor: Api, survey: Survey) -> None:
    collect(visitor, survey, *[ANSWERS | dict.fromkeys(E[:2])] * 3)
    survey.put_self(ANSWERS | dict.fromkeys(O[:2]))
    traits = {each["trait"] for each in survey.results().json["blind_spots"]}
    assert traits == TRAITS - {"extraversion", "openness"}
