"""What a stack that is ready says of itself: where it is, and what to try first."""

from collections.abc import Mapping

from local.ports import HOST
from local.sign_in import SignInFailed, sign_in
from local.stack import Stack

SOMEBODY = "Ada Lovelace"

_WISH = '{"name": "Ada", "description": "Curious, calm and kind; she plays chess at night."}'


def text(stack: Stack) -> str:
    lines = [*_places(stack), "", *_to_try(stack), "", "Ctrl-C stops everything; the data is kept."]
    return "\n".join(f"  {line}".rstrip() for line in lines)


def access_token(settings: Mapping[str, str], name: str) -> str:
    return str(sign_in(settings, name)["access_token"])


def _places(stack: Stack) -> list[str]:
    api = [f"API        {stack.env['API_URL']}"] if "api" in stack.port_of else []
    return [
        *api,
        f"sign-in    http://{HOST}:{stack.port_of['google']}",
        f"logs       {stack.home.logs}",
        'settings   eval "$(.venv/bin/python -m local env)"',
    ]


def _to_try(stack: Stack) -> list[str]:
    if "api" not in stack.port_of:
        return []
    url = stack.env["API_URL"]
    try:
        token = access_token(stack.env, SOMEBODY)
    except SignInFailed as failure:
        return [f"curl {url}/health", f"(Nobody could be signed in: {failure})"]
    bearer = '-H "Authorization: Bearer $TOKEN"'
    return [
        f"{SOMEBODY} is signed in for a quarter of an hour. To try it:",
        "",
        f"TOKEN={token}",
        f"curl {url}/health",
        f"curl {bearer} {url}/auth/me",
        f"curl {bearer} -H 'Content-Type: application/json' \\",
        f"  -d '{_WISH}' {url}/personas/generate",
    ]
