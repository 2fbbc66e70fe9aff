"""The three ways of saying no: to the person, to the application by redirect, and as JSON."""

from http import HTTPStatus

from local.google.messages import Response, json_answer, redirect
from local.google.pages import error_page


class Refusal(Exception):
    def __init__(self, response: Response) -> None:
        super().__init__(response)
        self.response = response


def shown(code: str, text: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> Refusal:
    """Tell the person: whoever asked cannot be trusted with a redirect."""
    return Refusal(error_page(code, text, status=status))


def redirected(code: str, text: str, *, redirect_uri: str, state: str) -> Refusal:
    """Tell the application, at its own registered address."""
    parameters = {"error": code, "error_description": text}
    return Refusal(redirect(redirect_uri, parameters | ({"state": state} if state else {})))


def told(code: str, text: str, *, challenge: str = "") -> Refusal:
    """Tell a program, with OAuth's own error object; a challenge asks it to authenticate."""
    status = HTTPStatus.UNAUTHORIZED if challenge else HTTPStatus.BAD_REQUEST
    headers = {"WWW-Authenticate": f'{challenge} error="{code}"'} if challenge else {}
    content = {"error": code, "error_description": text}
    return Refusal(json_answer(content, status, headers=headers))
