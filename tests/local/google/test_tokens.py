"""The token endpoint: everything fits together, or there are no tokens."""

import base64
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from jose import jwt

from tests.local.google.visitor import CLIENT_ID, Clock, Visitor, refused


def _tokens(visitor: Visitor, account: str = "Ada Lovelace") -> dict[str, Any]:
    response = visitor.exchange(visitor.code(account))
    assert response.status_code == 200
    return dict(response.json())


def _claims(visitor: Visitor, account: str = "Ada Lovelace") -> dict[str, Any]:
    return jwt.get_unverified_claims(_tokens(visitor, account)["id_token"])


def test_a_code_and_its_verifier_get_tokens(visitor: Visitor) -> None:
    tokens = _tokens(visitor)
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 3600
    assert tokens["scope"] == "openid email profile"


def test_tokens_are_never_stored(visitor: Visitor) -> None:
    assert visitor.exchange(visitor.code()).headers["Cache-Control"] == "no-store"


def test_the_id_token_passes_with_the_published_keys(visitor: Visitor) -> None:
    tokens = _tokens(visitor)
    jwt.decode(
        tokens["id_token"],
        visitor.get("/oauth2/v3/certs").json(),
        algorithms=["RS256"],
        audience=CLIENT_ID,
        issuer=visitor.issuer,
        access_token=tokens["access_token"],
    )


def test_the_id_token_names_its_key(visitor: Visitor) -> None:
    header = jwt.get_unverified_header(_tokens(visitor)["id_token"])
    kid = visitor.get("/oauth2/v3/certs").json()["keys"][0]["kid"]
    assert header == {"alg": "RS256", "typ": "JWT", "kid": kid}


def test_the_id_token_says_what_googles_says(visitor: Visitor, clock: Clock) -> None:
    claims = _claims(visitor)
    assert claims.pop("at_hash")
    assert claims.pop("picture").startswith(f"{visitor.issuer}/avatar.svg")
    assert claims == {
        "iss": visitor.issuer,
        "azp": CLIENT_ID,
        "aud": CLIENT_ID,
        "sub": "109204108662421295905",
        "email": "ada@example.com",
        "email_verified": True,
        "name": "Ada Lovelace",
        "given_name": "Ada",
        "family_name": "Lovelace",
        "nonce": visitor.attempt.nonce,
        "iat": int(clock()),
        "exp": int(clock()) + 3600,
    }


def test_an_unverified_address_is_reported_as_such(visitor: Visitor) -> None:
    assert _claims(visitor, "Unverified Eve")["email_verified"] is False


def test_an_account_has_the_same_subject_at_every_sign_in(visitor: Visitor) -> None:
    assert _claims(visitor, "New Person")["sub"] == _claims(visitor, "New Person")["sub"]


@pytest.mark.parametrize(
    ("parameter", "value", "error"),
    [
        ("code", None, "invalid_grant"),
        ("code", "", "invalid_grant"),
        ("code", "4/0guessed", "invalid_grant"),
        ("code_verifier", None, "invalid_grant"),
        ("code_verifier", "", "invalid_grant"),
        ("code_verifier", "x" * 64, "invalid_grant"),
        ("redirect_uri", None, "invalid_grant"),
        ("redirect_uri", "http://127.0.0.1:5173/callback", "invalid_grant"),
        ("redirect_uri", "http://evil.example/callback", "invalid_grant"),
        ("client_id", None, "invalid_client"),
        ("client_id", "another", "invalid_client"),
        ("client_secret", "wrong", "invalid_client"),
        ("client_secret", "", "invalid_client"),
        ("grant_type", None, "unsupported_grant_type"),
        ("grant_type", "password", "unsupported_grant_type"),
        ("grant_type", "refresh_token", "unsupported_grant_type"),
    ],
)
def test_a_part_that_is_missing_or_wrong_yields_no_tokens(
    visitor: Visitor, parameter: str, value: str | None, error: str
) -> None:
    assert refused(visitor.exchange(visitor.code(), **{parameter: value})) == error


def test_the_challenge_itself_is_no_verifier(visitor: Visitor) -> None:
    changes = {"code_verifier": visitor.attempt.challenge}
    assert refused(visitor.exchange(visitor.code(), **changes)) == "invalid_grant"


def test_a_code_works_once(visitor: Visitor) -> None:
    code = visitor.code()
    assert visitor.exchange(code).status_code == 200
    assert refused(visitor.exchange(code)) == "invalid_grant"


def test_a_code_is_spent_by_a_wrong_verifier(visitor: Visitor) -> None:
    code = visitor.code()
    visitor.exchange(code, code_verifier=secrets.token_urlsafe(48))
    assert refused(visitor.exchange(code)) == "invalid_grant"


def test_a_code_is_not_spent_by_somebody_without_the_secret(visitor: Visitor) -> None:
    code = visitor.code()
    visitor.exchange(code, client_secret="wrong")
    assert visitor.exchange(code).status_code == 200


def test_of_many_at_once_one_gets_tokens(visitor: Visitor) -> None:
    code = visitor.code()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: visitor.exchange(code).status_code, range(20)))
    assert sorted(answers) == [200] + [400] * 19


def test_a_code_lives_for_a_minute(visitor: Visitor, clock: Clock) -> None:
    code = visitor.code()
    clock.advance(59)
    assert visitor.exchange(code).status_code == 200


def test_a_code_dies_after_a_minute(visitor: Visitor, clock: Clock) -> None:
    code = visitor.code()
    clock.advance(60)
    assert refused(visitor.exchange(code)) == "invalid_grant"


def test_the_right_secret_is_accepted(visitor: Visitor) -> None:
    assert visitor.exchange(visitor.code(), client_secret="local-secret").status_code == 200


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("Basic " + base64.b64encode(b"persona-local:local-secret").decode(), 200),
        ("basic " + base64.b64encode(b"persona-local:local%2Dsecret").decode(), 200),
        ("Basic " + base64.b64encode(b"persona-local:wrong").decode(), 401),
        ("Basic " + base64.b64encode(b"persona-local").decode(), 401),
        ("Basic \xff", 401),
        ("Basic " + base64.b64encode(b"\xff:\xff").decode(), 401),
        ("Bearer " + base64.b64encode(b"persona-local:local-secret").decode(), 401),
    ],
)
def test_a_client_may_authenticate_in_the_header(
    visitor: Visitor, authorization: str, status: int
) -> None:
    form = visitor.attempt.exchange(CLIENT_ID, code=visitor.code())
    response = visitor.session.post(
        f"{visitor.issuer}/token",
        data=form,
        headers={"Authorization": authorization.encode("latin-1")},
        timeout=5,
    )
    assert response.status_code == status
    assert ("WWW-Authenticate" in response.headers) == (status == 401)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{}", "application/json"),
        (b"\xff", "application/x-www-form-urlencoded"),
        (b"code=a&code=b", "application/x-www-form-urlencoded"),
    ],
)
def test_what_is_no_form_is_refused(visitor: Visitor, body: bytes, content_type: str) -> None:
    response = visitor.session.post(
        f"{visitor.issuer}/token", data=body, headers={"Content-Type": content_type}, timeout=5
    )
    assert refused(response) == "invalid_request"


def test_the_access_token_shows_who_signed_in(visitor: Visitor) -> None:
    token = _tokens(visitor, "Alan Turing")["access_token"]
    person = visitor.get("/v1/userinfo", Authorization=f"Bearer {token}").json()
    assert (person["email"], person["name"]) == ("alan@example.com", "Alan Turing")
    assert person["email_verified"] is True


def test_an_access_token_lives_for_an_hour(visitor: Visitor, clock: Clock) -> None:
    token = _tokens(visitor)["access_token"]
    clock.advance(3600)
    response = visitor.get("/v1/userinfo", Authorization=f"Bearer {token}")
    assert refused(response) == "invalid_token"


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer guessed", "Basic abc"])
def test_without_an_access_token_nobody_is_shown(visitor: Visitor, authorization: str) -> None:
    response = visitor.get("/v1/userinfo", Authorization=authorization)
    assert response.status_code == 401
    assert refused(response) == "invalid_token"
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
