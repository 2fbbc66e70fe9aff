"""Before a person is asked: what the application has to send, and where refusals go."""

import pytest

from tests.local.google.visitor import Visitor, returned


def test_a_complete_request_shows_the_accounts(visitor: Visitor) -> None:
    page = visitor.ask()
    assert page.status_code == 200
    for text in ("Ada Lovelace", "grace@example.com", "Alan Turing", "Persona AI"):
        assert text in page.text


def test_the_page_says_what_it_is(visitor: Visitor) -> None:
    assert "Local sign-in, not Google" in visitor.ask().text


def test_the_page_cannot_be_framed_or_run_scripts(visitor: Visitor) -> None:
    policy = visitor.ask().headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    "redirect_uri",
    [
        None,
        "",
        "http://evil.example/callback",
        "http://localhost:5173/callback/",
        "http://localhost:5173/callback?x=1",
        "http://localhost:5173/Callback",
        "http://localhost:5174/callback",
        "https://localhost:5173/callback",
        "http://localhost:5173/callback.evil.example",
        "javascript:alert(1)",
    ],
)
def test_an_unregistered_redirect_uri_is_never_followed(
    visitor: Visitor, redirect_uri: str | None
) -> None:
    for response in (
        visitor.ask(redirect_uri=redirect_uri),
        visitor.choose(redirect_uri=redirect_uri),
    ):
        assert response.status_code == 400
        assert "Location" not in response.headers
        assert "redirect_uri_mismatch" in response.text


def test_both_local_addresses_are_registered(visitor: Visitor) -> None:
    assert visitor.ask(redirect_uri="http://127.0.0.1:5173/callback").status_code == 200


@pytest.mark.parametrize("client_id", [None, "", "another", "PERSONA-LOCAL"])
def test_an_unknown_client_is_never_redirected(visitor: Visitor, client_id: str | None) -> None:
    response = visitor.choose(client_id=client_id)
    assert response.status_code == 400
    assert "Location" not in response.headers
    assert "invalid_client" in response.text


@pytest.mark.parametrize(
    ("parameter", "value", "error"),
    [
        ("code_challenge", None, "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("code_challenge", "a" * 43 + "=", "invalid_request"),
        ("code_challenge_method", None, "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "s256", "invalid_request"),
        ("state", None, "invalid_request"),
        ("state", "", "invalid_request"),
        ("nonce", None, "invalid_request"),
        ("nonce", "", "invalid_request"),
        ("response_type", None, "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "id_token", "unsupported_response_type"),
        ("scope", None, "invalid_request"),
        ("scope", "email", "invalid_scope"),
    ],
)
def test_a_part_that_is_missing_or_wrong_yields_no_code(
    visitor: Visitor, parameter: str, value: str | None, error: str
) -> None:
    for response in (
        visitor.ask(**{parameter: value}),
        visitor.choose("Ada Lovelace", **{parameter: value}),
    ):
        answer = returned(response)
        assert answer["error"] == error
        assert "code" not in answer


def test_a_refusal_echoes_the_state(visitor: Visitor) -> None:
    assert returned(visitor.ask(nonce=None))["state"] == visitor.attempt.state


def test_a_parameter_given_twice_is_refused(visitor: Visitor) -> None:
    query = visitor.ask().url.partition("?")[2]
    response = visitor.get(f"/o/oauth2/v2/auth?{query}&redirect_uri=http%3A%2F%2Fevil.example")
    assert response.status_code == 400
    assert "more than once" in response.text


@pytest.mark.parametrize("query", ["client_id=%FF", "&".join(f"p{n}=1" for n in range(60))])
def test_parameters_that_cannot_be_read_are_refused(visitor: Visitor, query: str) -> None:
    assert visitor.get(f"/o/oauth2/v2/auth?{query}").status_code == 400


def test_markup_in_a_refused_address_is_escaped(visitor: Visitor) -> None:
    page = visitor.ask(redirect_uri="http://x/<script>alert(1)</script>").text
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
