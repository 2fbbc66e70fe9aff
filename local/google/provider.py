"""The provider itself: which request gets which answer."""

from collections.abc import Callable, Mapping
from http import HTTPMethod, HTTPStatus
from pathlib import Path

from local.google.accounts import AccountRefused, account_for
from local.google.authorization import read_authorization
from local.google.clients import Client
from local.google.grants import Clock, Grant, Grants
from local.google.keys import ALGORITHM, KeyRing
from local.google.messages import (
    MalformedParameters,
    Request,
    Response,
    allowed_methods,
    json_answer,
    read_parameters,
    redirect,
)
from local.google.pages import avatar_svg, chooser_page
from local.google.refusals import Refusal, redirected, shown, told
from local.google.tokens import TokenEndpoint, profile_claims

View = Callable[[Request], Response]


class Provider:
    def __init__(
        self, issuer: str, *, state: Path, clients: Mapping[str, Client], clock: Clock
    ) -> None:
        self.issuer = issuer
        self._clients = clients
        self._clock = clock
        self._keys = KeyRing(state)
        self._grants = Grants(clock)
        self._tokens = TokenEndpoint(issuer, clients=clients, keys=self._keys, grants=self._grants)
        get, post = HTTPMethod.GET, HTTPMethod.POST
        self._views: dict[str, dict[str, View]] = {
            "/health": {get: _show_health},
            "/.well-known/openid-configuration": {get: self._describe},
            "/oauth2/v3/certs": {get: self._publish_keys},
            "/o/oauth2/v2/auth": {get: self._show_chooser, post: self._choose_account},
            "/token": {post: self._exchange_code},
            "/v1/userinfo": {get: self._show_person, post: self._show_person},
            "/avatar.svg": {get: _draw_avatar},
            "/_local/rotate": {post: self._rotate_keys},
        }

    def answer(self, request: Request) -> Response:
        views = self._views.get(request.path)
        if views is None:
            return shown("not_found", "There is no such page.", HTTPStatus.NOT_FOUND).response
        if request.method == HTTPMethod.OPTIONS:
            return allowed_methods(views, HTTPStatus.NO_CONTENT)
        view = views.get(request.method)
        if view is None:
            return allowed_methods(views, HTTPStatus.METHOD_NOT_ALLOWED)
        try:
            return view(request)
        except Refusal as refusal:
            return refusal.response

    def _describe(self, _: Request) -> Response:
        return json_answer(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/o/oauth2/v2/auth",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/v1/userinfo",
                "jwks_uri": f"{self.issuer}/oauth2/v3/certs",
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [ALGORITHM],
                "scopes_supported": ["openid", "email", "profile"],
                "token_endpoint_auth_methods_supported": [
                    "none",
                    "client_secret_post",
                    "client_secret_basic",
                ],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    def _publish_keys(self, _: Request) -> Response:
        return json_answer(self._keys.jwks())

    def _rotate_keys(self, _: Request) -> Response:
        return json_answer({"kid": self._keys.rotate().kid})

    def _show_chooser(self, request: Request) -> Response:
        authorization = read_authorization(request.query, self._clients)
        return chooser_page(authorization.client.name)

    def _choose_account(self, request: Request) -> Response:
        authorization = read_authorization(request.query, self._clients)
        form = _read_pairs(request.body)
        if "cancel" in form:
            raise redirected(
                "access_denied",
                "The person did not sign in.",
                redirect_uri=authorization.redirect_uri,
                state=authorization.state,
            )
        try:
            account = account_for(form.get("account", ""))
        except AccountRefused as error:
            return chooser_page(
                authorization.client.name, problem=str(error), status=HTTPStatus.BAD_REQUEST
            )
        code = self._grants.codes.issue(Grant(account, authorization))
        return redirect(authorization.redirect_uri, {"state": authorization.state, "code": code})

    def _exchange_code(self, request: Request) -> Response:
        return json_answer(self._tokens.exchange(request, clock=self._clock))

    def _show_person(self, request: Request) -> Response:
        scheme, _, token = request.header("authorization").partition(" ")
        try:
            grant = self._grants.access_tokens.find(token if scheme.lower() == "bearer" else "")
        except KeyError as error:
            text = "The access token is missing, unknown or too old."
            raise told("invalid_token", text, challenge="Bearer") from error
        return json_answer(profile_claims(grant.account, issuer=self.issuer))


def _show_health(_: Request) -> Response:
    return json_answer({"status": "ok"})


def _draw_avatar(request: Request) -> Response:
    parameters = _read_pairs(request.query.encode())
    return avatar_svg(parameters.get("initial", ""), parameters.get("tint", ""))


def _read_pairs(encoded: bytes) -> dict[str, str]:
    try:
        return read_parameters(encoded.decode())
    except (UnicodeDecodeError, MalformedParameters) as error:
        raise shown("invalid_request", "The request cannot be read.") from error
