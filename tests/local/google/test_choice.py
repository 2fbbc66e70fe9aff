"""What the person does on the page, and what the application gets back."""

from tests.local.google.visitor import Visitor, returned


def test_choosing_returns_a_code_and_the_same_state(visitor: Visitor) -> None:
    answer = returned(visitor.choose())
    assert answer.keys() == {"code", "state"}
    assert answer["state"] == visitor.attempt.state


def test_a_state_of_any_characters_comes_back_unchanged(visitor: Visitor) -> None:
    state = "a b&c=d#e\r\nSet-Cookie: é%00"
    response = visitor.choose(state=state)
    assert returned(response)["state"] == state
    assert "Set-Cookie" not in response.headers


def test_cancelling_returns_access_denied_and_the_same_state(visitor: Visitor) -> None:
    answer = returned(visitor.cancel())
    assert (answer["error"], answer["state"]) == ("access_denied", visitor.attempt.state)
    assert "code" not in answer


def test_two_choices_get_two_codes(visitor: Visitor) -> None:
    assert visitor.code() != visitor.code()


def test_an_empty_name_shows_the_page_again(visitor: Visitor) -> None:
    page = visitor.choose("   ")
    assert page.status_code == 400
    assert "Type a name." in page.text
    assert "Ada Lovelace" in page.text


def test_a_name_that_is_too_long_shows_the_page_again(visitor: Visitor) -> None:
    assert "at most 80 characters" in visitor.choose("x" * 81).text


def test_a_name_with_control_characters_shows_the_page_again(visitor: Visitor) -> None:
    assert "can be printed" in visitor.choose("Ada\x00").text


def test_a_form_that_cannot_be_read_is_refused(visitor: Visitor) -> None:
    response = visitor.session.post(
        visitor.ask().url, data=b"account=%FF", timeout=5, allow_redirects=False
    )
    assert response.status_code == 400
    assert "Location" not in response.headers
