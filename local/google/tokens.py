"""The token endpoint: a code and everything that goes with it, for an ID token."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from local.google.accounts import Account
from local.google.clients import Client
from local.google.grants import TOKEN_SECONDS, Clock, Grant, Grants
from local.google.keys import KeyRing
from local.google.messages import MalformedParameters, Request, read_parameters
from local.google.pages import tint_of
from local.google.refusals import told

_FORM = "application/x-www-form-urlencoded"


class TokenEndpoint:
    def __init__(
        self, issuer: str, *, clients: Mapping[str, Client], keys: KeyRing, grants: Grants
    ) -> None:
        self._issuer = issuer
        self._clients = clients
        self._keys = keys
        self._grants = grants

    def exchange(self, request: Request, *, clock: Clock) -> dict[str, Any]:
        form = _read_form(request)
        client = self._authenticate(form, request.header("authorization"))
        if form.get("grant_type") != "authorization_code":
            raise told("unsupported_grant_type", "Only authorization_code is served.")
        grant = self._redeem(form, client)
        access_token = self._grants.access_tokens.issue(grant)
        claims = self._id_token_claims(grant, now=int(clock()))
        return {
            "access_token": access_token,
            "expires_in": TOKEN_SECONDS,
            "scope": grant.authorization.scope,
            "token_type": "Bearer",
            "id_token": self._keys.current.sign(claims, access_token=access_token),
        }

    def _authenticate(self, form: Mapping[str, str], authorization: str) -> Client:
        client_id, secret = form.get("client_id", ""), form.get("client_secret")
        if authorization:
            client_id, secret = _read_basic(authorization)
        client = self._clients.get(client_id)
        if client is None or not client.accepts_secret(secret):
            text = "The client is unknown, or its secret is wrong."
            raise told("invalid_client", text, challenge="Basic")
        return client

    def _redeem(self, form: Mapping[str, str], client: Client) -> Grant:
        """Spend the code first: one wrong guess at the rest, and it is worth nothing."""
        try:
            grant = self._grants.codes.spend(form.get("code", ""))
        except KeyError as error:
            raise told("invalid_grant", "The code is unknown, used or too old.") from error
        asked = grant.authorization
        if asked.client != client:
            raise told("invalid_grant", "The code was issued to another client.")
        if asked.redirect_uri != form.get("redirect_uri"):
            raise told("invalid_grant", "The redirect_uri is not the one that got the code.")
        if not _answers(asked.code_challenge, form.get("code_verifier", "")):
            raise told("invalid_grant", "The code_verifier does not answer the code_challenge.")
        return grant

    def _id_token_claims(self, grant: Grant, *, now: int) -> dict[str, Any]:
        return {
            "iss": self._issuer,
            "azp": grant.authorization.client.client_id,
            "aud": grant.authorization.client.client_id,
            **profile_claims(grant.account, issuer=self._issuer),
            "nonce": grant.authorization.nonce,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
        }


def profile_claims(account: Account, *, issuer: str) -> dict[str, Any]:
    picture = f"{issuer}/avatar.svg?initial={quote(account.initial)}&tint={tint_of(account)}"
    claims = {
        "sub": account.sub,
        "email": account.email,
        "email_verified": account.is_verified,
        "name": account.name,
        "given_name": account.given_name,
        "picture": picture,
    }
    return claims | ({"family_name": account.family_name} if account.family_name else {})


def _answers(challenge: str, verifier: str) -> bool:
    digest = hashlib.sha256(verifier.encode()).digest()
    answer = base64.urlsafe_b64encode(digest).rstrip(b"=")
    return hmac.compare_digest(answer, challenge.encode())


def _read_form(request: Request) -> dict[str, str]:
    if request.header("content-type").partition(";")[0].strip().lower() != _FORM:
        raise told("invalid_request", f"Send the parameters as {_FORM}.")
    try:
        return read_parameters(request.body.decode())
    except (UnicodeDecodeError, MalformedParameters) as error:
        raise told("invalid_request", "The form cannot be read.") from error


def _read_basic(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    try:
        client_id, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        client_id = colon = secret = ""
    if scheme.lower() != "basic" or not colon:
        text = "The Authorization header is no Basic client_id:secret."
        raise told("invalid_client", text, challenge="Basic")
    return unquote(client_id), unquote(secret)
