"""Text search over public personas."""

from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from chalicelib.social.feed import search
from tests.client import Api
from tests.social.listed import add_listed, flat, ids, names, new_tag, page, walk


def rare() -> str:
    return f"qz{uuid4().hex[:8]}"


def test_a_word_of_the_text_is_found_in_any_of_its_forms(
    api: Api, visitor: Api, session: Session
) -> None:
    word = rare()
    found = add_listed(session, api, new_tag(), summary=f"She sails in {word} waters.")
    assert ids(page(visitor, f"q={word}")) == [found]
    assert ids(page(visitor, f"q={word.upper()}%20sailing")) == [found]
    assert page(visitor, f"q={word}%20mountains")["items"] == []


def test_a_piece_of_a_name_is_found(api: Api, visitor: Api, session: Session) -> None:
    word = rare()
    found = add_listed(session, api, new_tag(), name=f"Ada {word}")
    assert ids(page(visitor, f"q={word[2:8]}")) == [found]


def test_a_name_ranks_before_a_text(api: Api, visitor: Api, session: Session) -> None:
    word = rare()
    add_listed(session, api, new_tag(), name="In the text", summary=f"Likes {word}.")
    add_listed(session, api, new_tag(), name=word)
    add_listed(session, api, new_tag(), name="In the motto", motto=f"Only {word}.")
    assert names(page(visitor, f"q={word}")) == [word, "In the motto", "In the text"]


def test_what_is_found_comes_page_by_page_in_both_directions(
    api: Api, visitor: Api, session: Session
) -> None:
    word = rare()
    added = [add_listed(session, api, new_tag(), name=f"{word} {number}") for number in range(7)]
    query = f"q={word}&limit=3"
    forth = list(walk(visitor, query))
    assert sorted(flat(forth)) == sorted(added)
    second = page(visitor, f"{query}&cursor={page(visitor, query)['next_cursor']}")
    assert ids(page(visitor, f"{query}&cursor={second['previous_cursor']}")) == forth[0]


@pytest.mark.parametrize(
    "q",
    ["the%20and", "%22abc", "abc%20OR", "-abc", "abc%26%7C!()", "abc'%20--", "abc%5C", "%25abc_"],
)
def test_no_text_breaks_the_search(visitor: Api, q: str) -> None:
    assert isinstance(page(visitor, f"q={q}")["items"], list)


def test_a_percent_sign_is_only_a_percent_sign(api: Api, visitor: Api, session: Session) -> None:
    word = rare()
    found = add_listed(session, api, new_tag(), name=f"100%{word}")
    add_listed(session, api, new_tag(), name=f"100 and {word}")
    assert ids(page(visitor, f"q=100%25{word}")) == [found]


def test_beyond_the_newest_the_indexes_are_asked(api: Api, visitor: Api, session: Session) -> None:
    word, tag = rare(), new_tag()
    in_text = add_listed(session, api, tag, summary=f"Fond of {word}.")
    in_name = add_listed(session, api, tag, name=f"x{word}y")
    for _ in range(search.NEWEST):
        add_listed(session, api, tag)
    assert sorted(ids(page(visitor, f"q={word}"))) == sorted([in_text, in_name])
