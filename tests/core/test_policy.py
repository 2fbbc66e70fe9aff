"""Who may call what. A route that stands in no list here fails the build."""

import json
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.client import Answer, Api

PUBLIC = {
    ("GET", "/health"),
    ("GET", "/openapi.json"),
    ("POST", "/auth/google-login"),
    ("POST", "/auth/refresh"),
}
SHOWN_IF_PUBLISHED = {
    ("GET", "/personas/{persona_id}"),
    ("GET", "/personas/{persona_id}/image"),
}
OWN = {
    ("POST", "/auth/logout"),
    ("GET", "/auth/me"),
    ("PATCH", "/auth/me"),
    ("GET", "/jobs"),
    ("POST", "/personas/generate"),
    ("GET", "/personas/me"),
    ("GET", "/personas"),
}
OWN_BY_ID = {
    ("GET", "/jobs/{job_id}"),
    ("POST", "/jobs/{job_id}/cancel"),
    ("POST", "/jobs/{job_id}/retry"),
}


def _routes() -> Iterator[tuple[str, str]]:
    from app import app  # noqa: PLC0415

    for path, methods in app.routes.items():
        for method in methods:
            if method != "OPTIONS":
                yield method, path


def _normal(answer: Answer) -> str:
    """The whole answer, but for the id that every request has of its own."""
    own = answer.headers["X-Request-Id"]
    headers = json.dumps(dict(answer.headers), sort_keys=True)
    return f"{answer.status} {headers} {answer.text}".replace(own, "")


def test_every_route_stands_in_exactly_one_list(visitor: Api) -> None:
    lists = (PUBLIC, SHOWN_IF_PUBLISHED, OWN, OWN_BY_ID)
    assert visitor.get("/health").status == 200
    assert sorted(_routes()) == sorted(route for listed in lists for route in listed)


@pytest.mark.parametrize(("method", "path"), sorted(OWN | OWN_BY_ID))
def test_without_a_token_nothing_is_told(visitor: Api, method: str, path: str) -> None:
    path = path.format(job_id="nonsense")
    answer = visitor.request(method, path, {"colour": "red"})
    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), sorted(OWN | OWN_BY_ID | SHOWN_IF_PUBLISHED))
def test_a_bad_token_is_refused_everywhere(visitor: Api, method: str, path: str) -> None:
    visitor.token = "not.a.token"
    path = path.format(job_id=uuid4(), persona_id=uuid4())
    answer = visitor.request(method, path, {})
    assert (answer.status, answer.code) == (401, "invalid_token")


@pytest.mark.parametrize(("method", "path"), sorted(OWN_BY_ID | SHOWN_IF_PUBLISHED))
def test_anothers_id_answers_like_an_absent_one(
    api: Api, stranger: Api, method: str, path: str
) -> None:
    accepted = api.generate().json
    mine = path.format(job_id=accepted["job"]["id"], persona_id=accepted["persona_id"])
    absent = path.format(job_id=uuid4(), persona_id=uuid4())
    refused = stranger.request(method, mine)
    assert refused.status == 404
    assert _normal(refused) == _normal(stranger.request(method, absent))


@pytest.mark.parametrize(("method", "path"), sorted(SHOWN_IF_PUBLISHED))
def test_a_private_persona_is_absent_for_a_visitor(
    api: Api, visitor: Api, method: str, path: str
) -> None:
    mine = path.format(persona_id=api.generate().json["persona_id"])
    refused = visitor.request(method, mine)
    assert _normal(refused) == _normal(visitor.request(method, path.format(persona_id=uuid4())))


def test_a_stranger_changes_nothing(api: Api, stranger: Api) -> None:
    job_id = api.generate().json["job"]["id"]
    before = api.get(f"/jobs/{job_id}").json
    for method, path in sorted(OWN_BY_ID):
        stranger.request(method, path.format(job_id=job_id))
    assert api.get(f"/jobs/{job_id}").json == before
