"""The pages a person sees. Every value that comes from outside is escaped here."""

from html import escape
from http import HTTPStatus
from pathlib import Path
from string import Template

from local.google.accounts import MAX_NAME_LENGTH, SEEDED, Account
from local.google.messages import Response, page

TINTS = ("#5b6cff", "#0f9d76", "#c2577a", "#b7791f", "#7c4dbe", "#2b87b8")

_SHELL = Template(Path(__file__).with_name("templates").joinpath("page.html").read_text())
_CHOOSER = Template(Path(__file__).with_name("templates").joinpath("chooser.html").read_text())
_ROW = Template(Path(__file__).with_name("templates").joinpath("account.html").read_text())
_ERROR = Template(Path(__file__).with_name("templates").joinpath("error.html").read_text())


def tint_of(account: Account) -> int:
    return int(account.sub) // 10 % len(TINTS)


def chooser_page(
    application: str, *, problem: str = "", status: HTTPStatus = HTTPStatus.OK
) -> Response:
    content = _CHOOSER.substitute(
        application=escape(application),
        accounts="".join(_row(account) for account in SEEDED),
        problem=f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else "",
        max_length=MAX_NAME_LENGTH,
    )
    return _whole("Choose an account", content, status)


def error_page(code: str, text: str, *, status: HTTPStatus) -> Response:
    content = _ERROR.substitute(status=int(status), code=escape(code), text=escape(text))
    return _whole("Sign-in stopped", content, status)


def avatar_svg(initial: str, tint: str) -> Response:
    """Draw any single character; a tint out of range wraps around."""
    colour = TINTS[int(tint) % len(TINTS) if tint.isdecimal() else 0]
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96">'
        f'<rect width="96" height="96" fill="{colour}"/>'
        '<text x="48" y="64" font-family="system-ui, sans-serif" font-size="46" fill="#fff" '
        f'text-anchor="middle">{escape(initial[:1])}</text></svg>'
    )
    headers = {
        "Content-Type": "image/svg+xml; charset=utf-8",
        "Content-Security-Policy": "default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(HTTPStatus.OK, svg.encode(), headers)


def _row(account: Account) -> str:
    return _ROW.substitute(
        name=escape(account.name),
        email=escape(account.email),
        initial=escape(account.initial),
        tint=tint_of(account),
    )


def _whole(title: str, content: str, status: HTTPStatus) -> Response:
    tints = "".join(
        f".tint-{number} {{ background: {colour}; }}\n" for number, colour in enumerate(TINTS)
    )
    return page(_SHELL.substitute(title=escape(title), content=content, tints=tints), status)
