"""Sign-in through Cognito, the second issuer, at the emulator's user pool."""

from typing import Any
from uuid import uuid4

import boto3
import pytest

from local.stack import Stack
from tests.client import Answer, Api

PASSWORD = "Correct-horse-1"


def pool_of(stack: Stack) -> str:
    return stack.env["COGNITO_ISSUER"].rpartition("/")[2]


def tokens_of(stack: Stack, *, email: str, is_verified: bool = True) -> dict[str, Any]:
    """Make a user in the pool and sign them in there, with the password, as Cognito's forms do."""
    cognito = boto3.client("cognito-idp")
    pool = pool_of(stack)
    attributes = [
        {"Name": "email", "Value": email},
        {"Name": "email_verified", "Value": str(is_verified).lower()},
    ]
    cognito.admin_create_user(UserPoolId=pool, Username=email, UserAttributes=attributes)
    cognito.admin_set_user_password(
        UserPoolId=pool, Username=email, Password=PASSWORD, Permanent=True
    )
    answer = cognito.initiate_auth(
        ClientId=stack.env["COGNITO_CLIENT_ID"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": PASSWORD},
    )
    return dict(answer["AuthenticationResult"])


def log_in(api: Api, token: str, **fields: str) -> Answer:
    return api.post("/auth/google-login", {"token": token, "provider": "cognito", **fields})


@pytest.fixture
def email() -> str:
    return f"{uuid4().hex[:8]}@example.com"


def test_an_id_token_of_the_pool_signs_in(stack: Stack, visitor: Api, email: str) -> None:
    answer = log_in(visitor, tokens_of(stack, email=email)["IdToken"])
    assert (answer.status, answer.json["user"]["email"]) == (200, email)
    visitor.token = answer.json["access_token"]
    assert visitor.get("/auth/me").json == answer.json["user"]


def test_it_signs_in_once(stack: Stack, visitor: Api, email: str) -> None:
    token = tokens_of(stack, email=email)["IdToken"]
    assert log_in(visitor, token).status == 200
    assert log_in(visitor, token).code == "login_spent"


def test_an_access_token_of_the_pool_does_not(stack: Stack, visitor: Api, email: str) -> None:
    answer = log_in(visitor, tokens_of(stack, email=email)["AccessToken"])
    assert (answer.status, answer.code) == (401, "invalid_token")


def test_a_token_of_one_issuer_is_nothing_to_the_other(
    stack: Stack, visitor: Api, email: str
) -> None:
    token = tokens_of(stack, email=email)["IdToken"]
    answer = visitor.post("/auth/google-login", {"token": token, "nonce": "12345678"})
    assert (answer.status, answer.code) == (401, "invalid_token")


def test_a_nonce_that_the_token_does_not_carry_is_refused(
    stack: Stack, visitor: Api, email: str
) -> None:
    token = tokens_of(stack, email=email)["IdToken"]
    assert log_in(visitor, token, nonce="12345678").code == "invalid_token"


def test_an_unverified_address_is_refused(stack: Stack, visitor: Api, email: str) -> None:
    token = tokens_of(stack, email=email, is_verified=False)["IdToken"]
    answer = log_in(visitor, token)
    assert (answer.status, answer.code) == (403, "email_unverified")


def test_a_self_asserted_address_opens_nobody_elses_account(
    stack: Stack, api: Api, visitor: Api
) -> None:
    """The pool lets people name any address; it is never what an account is found by."""
    answer = log_in(visitor, tokens_of(stack, email=api.user["email"])["IdToken"])
    assert answer.json["user"]["email"] == api.user["email"]
    assert answer.json["user"]["id"] != api.user["id"]


def test_a_token_of_another_pool_is_refused(stack: Stack, visitor: Api, email: str) -> None:
    cognito = boto3.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="another")["UserPool"]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="web",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )["UserPoolClient"]["ClientId"]
    cognito.admin_create_user(UserPoolId=pool, Username=email)
    cognito.admin_set_user_password(
        UserPoolId=pool, Username=email, Password=PASSWORD, Permanent=True
    )
    token = cognito.initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]["IdToken"]
    answer = log_in(visitor, token)
    assert (answer.status, answer.code) == (401, "invalid_token")
