"""The questionnaire is the published one."""

import re

from chalicelib.analyses.instruments import MINI_IPIP, Trait
from tests.client import Api

# Donnellan, Oswald, Baird & Lucas (2006), and the key at ipip.ori.org: R is a reversed item.
PUBLISHED_KEY = {
    "E": ["1", "6R", "11", "16R"],
    "A": ["2", "7R", "12", "17R"],
    "C": ["3", "8R", "13", "18R"],
    "N": ["4", "9R", "14", "19R"],
    "O": ["5", "10R", "15R", "20R"],
}
PUBLISHED_ALPHAS = {"E": 0.77, "A": 0.70, "C": 0.69, "N": 0.68, "O": 0.65}
FINITE = {
    "Am": "Is",
    "Don't": "Doesn't",
    "Do": "Does",
    "Have": "Has",
    "Sympathize": "Sympathizes",
    "Often forget": "Often forgets",
    "Seldom feel": "Seldom feels",
}


def test_the_items_are_keyed_as_published() -> None:
    keyed: dict[str, list[str]] = {}
    for item in MINI_IPIP.items:
        keyed.setdefault(item.factor, []).append(item.id + "R" * item.reversed)
    assert keyed == PUBLISHED_KEY


def test_the_items_stand_in_the_published_order() -> None:
    assert [item.id for item in MINI_IPIP.items] == [str(n) for n in range(1, 21)]
    assert sum(item.reversed for item in MINI_IPIP.items) == 11


def test_the_friend_form_is_the_self_form_in_the_third_person() -> None:
    for item in MINI_IPIP.items:
        first = next((verb for verb in FINITE if re.match(rf"{verb}\b", item.self)), None)
        if first is not None:
            assert item.friend == FINITE[first] + item.self.removeprefix(first)
        else:
            verb, _, rest = item.self.partition(" ")
            assert item.friend == f"{verb}s {rest}"


def test_the_scales_carry_their_published_reliability() -> None:
    alphas = {factor: scale.alpha for factor, scale in MINI_IPIP.factors.items()}
    assert alphas == PUBLISHED_ALPHAS


def test_every_trait_has_one_scale_and_one_reference() -> None:
    assert sorted(scale.trait for scale in MINI_IPIP.factors.values()) == sorted(Trait)
    assert sorted(MINI_IPIP.references.traits) == sorted(Trait)
    assert [name for name, scale in MINI_IPIP.factors.items() if scale.inverted] == ["N"]


def test_what_is_not_verified_says_so() -> None:
    assert MINI_IPIP.references.verified is False
    assert "not checked against the paper" in MINI_IPIP.references.source


def test_anybody_may_read_and_keep_it(visitor: Api) -> None:
    answer = visitor.get("/analyses/instruments")
    [instrument] = answer.json["instruments"]
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert instrument["items"][5] == {
        "id": "6",
        "factor": "E",
        "reversed": True,
        "self": "Don't talk a lot",
        "friend": "Doesn't talk a lot",
    }
    assert "Donnellan" in instrument["citation"]
    assert instrument["licence"].startswith("Public domain")
    assert list(instrument["scale"]) == ["1", "2", "3", "4", "5"]
    assert len(instrument["questions"]) == 3


def test_an_unchanged_questionnaire_is_not_sent_again(visitor: Api) -> None:
    etag = visitor.get("/analyses/instruments").headers["ETag"]
    again = visitor.get("/analyses/instruments", if_none_match=etag)
    assert (again.status, again.text) == (304, "")


def test_nobody_is_called_neurotic(visitor: Api) -> None:
    assert "neurotic" not in visitor.get("/analyses/instruments").text.lower()
    assert "neurotic" not in visitor.get("/openapi.json").text.lower()
