"""What an application has to send before a person is asked anything."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from local.google.clients import Client
from local.google.messages import MalformedParameters, read_parameters
from local.google.refusals import redirected, shown


@dataclass(frozen=True)
class Authorization:
    """A request that passed every check."""

    client: Client
    redirect_uri: str
    state: str
    nonce: str
    scope: str
    code_challenge: str


@dataclass(frozen=True)
class _Rule:
    parameter: str
    accepts: Callable[[str], bool]
    code: str
    text: str


_RULES = (
    _Rule(
        "response_type",
        lambda value: value == "code",
        "unsupported_response_type",
        "Only response_type=code is served.",
    ),
    _Rule(
        "scope",
        lambda value: "openid" in value.split(),
        "invalid_scope",
        "The scope has to include openid.",
    ),
    _Rule(
        "code_challenge_method",
        lambda value: value == "S256",
        "invalid_request",
        "Only code_challenge_method=S256 is served.",
    ),
    _Rule(
        "code_challenge",
        lambda value: re.fullmatch(r"[A-Za-z0-9_-]{43}", value) is not None,
        "invalid_request",
        "The code_challenge is no SHA-256 digest in base64url.",
    ),
    _Rule("state", bool, "invalid_request", "The state is empty."),
    _Rule("nonce", bool, "invalid_request", "The nonce is empty."),
)


def read_authorization(query: str, clients: Mapping[str, Client]) -> Authorization:
    """Raise a `Refusal`; it is a redirect only when the redirect URI itself is in order."""
    try:
        parameters = read_parameters(query)
    except MalformedParameters as error:
        raise shown("invalid_request", str(error)) from error
    client = clients.get(parameters.get("client_id", ""))
    if client is None:
        raise shown("invalid_client", "No application with this client_id is registered.")
    redirect_uri = parameters.get("redirect_uri", "")
    if redirect_uri not in client.redirect_uris:
        text = f"{redirect_uri or 'An empty redirect_uri'} is not registered for {client.name}."
        raise shown("redirect_uri_mismatch", text)
    _check_rules(parameters, redirect_uri)
    return Authorization(
        client=client,
        redirect_uri=redirect_uri,
        state=parameters["state"],
        nonce=parameters["nonce"],
        scope=parameters["scope"],
        code_challenge=parameters["code_challenge"],
    )


def _check_rules(parameters: Mapping[str, str], redirect_uri: str) -> None:
    for rule in _RULES:
        code, text = rule.code, rule.text
        if rule.parameter not in parameters:
            code, text = "invalid_request", f"The {rule.parameter} is missing."
        elif rule.accepts(parameters[rule.parameter]):
            continue
        raise redirected(code, text, redirect_uri=redirect_uri, state=parameters.get("state", ""))
