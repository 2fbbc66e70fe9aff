"""Who may call what. A route that stands in no list here fails the build."""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.analyses.surveys import ANSWERS, Survey, open_survey, response
from tests.client import Answer, Api
from tests.conftest import Worker

PUBLIC = {
    ("GET", "/health"),
    ("GET", "/openapi.json"),
    ("POST", "/auth/google-login"),
    ("POST", "/auth/refresh"),
    ("GET", "/analyses/instruments"),
    ("POST", "/webhooks/replicate"),
    ("GET", "/social/feed"),
    ("GET", "/social/trends"),
}
OPEN_IN_PART = {
    ("POST", "/social/engagement"),
}
SHOWN_IF_PUBLISHED = {
    ("GET", "/personas/{persona_id}"),
    ("GET", "/personas/{persona_id}/image"),
}
CARDS = {
    ("GET", "/social/profiles/{user_id}"),
    ("GET", "/social/personas/{persona_id}"),
}
BY_SHARE_TOKEN = {
    ("GET", "/analyses/{analysis_id}"),
    ("POST", "/analyses/{analysis_id}/responses"),
}
OWN = {
    ("POST", "/auth/logout"),
    ("GET", "/auth/me"),
    ("PATCH", "/auth/me"),
    ("GET", "/auth/me/usage"),
    ("GET", "/auth/me/dashboard"),
    ("GET", "/auth/me/webhook-secret"),
    ("POST", "/auth/me/webhook-secret/rotate"),
    ("GET", "/jobs"),
    ("POST", "/personas/generate"),
    ("GET", "/personas/me"),
    ("GET", "/personas/me/chat"),
    ("POST", "/personas/me/chat"),
    ("GET", "/personas"),
    ("POST", "/personas/uploads"),
    ("POST", "/personas/import"),
    ("POST", "/analyses"),
    ("GET", "/analyses"),
    ("GET", "/analyses/me"),
    ("GET", "/social/chemistry"),
    ("GET", "/social/chemistry.svg"),
    ("POST", "/social/reports"),
}
OWN_BY_ID = {
    ("POST", "/personas/{persona_id}/export"),
    ("GET", "/jobs/{job_id}"),
    ("POST", "/jobs/{job_id}/cancel"),
    ("POST", "/jobs/{job_id}/retry"),
    ("GET", "/jobs/{job_id}/deliveries"),
    ("POST", "/jobs/{job_id}/seen"),
    ("PUT", "/analyses/{analysis_id}/self"),
    ("GET", "/analyses/{analysis_id}/results"),
    ("PATCH", "/analyses/{analysis_id}"),
    ("DELETE", "/analyses/{analysis_id}"),
    ("PATCH", "/personas/{persona_id}"),
    ("DELETE", "/personas/{persona_id}"),
    ("GET", "/personas/{persona_id}/images"),
    ("POST", "/personas/{persona_id}/images"),
    ("DELETE", "/personas/{persona_id}/images/{image_id}"),
    ("POST", "/personas/{persona_id}/motto"),
    ("GET", "/personas/{persona_id}/chat"),
    ("POST", "/personas/{persona_id}/chat"),
}
# What a route is sent, so that nothing but the id can be why it refuses.
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/personas/{persona_id}/export"): {"format": "ccv2_json"},
    ("PUT", "/analyses/{analysis_id}/self"): {"answers": ANSWERS},
    ("PATCH", "/analyses/{analysis_id}"): {"status": "archived", "rotate_link": True},
    ("POST", "/analyses/{analysis_id}/responses"): response("x"),
    ("PATCH", "/personas/{persona_id}"): {"motto": "Theirs now.", "visibility": "public"},
    ("POST", "/personas/{persona_id}/images"): {"prompt": "A cat."},
    ("POST", "/personas/{persona_id}/motto"): {"tone": "comical"},
    ("POST", "/personas/{persona_id}/chat"): {"message": "Hello."},
}


def _at(path: str, **ids: object) -> str:
    return path.format_map(defaultdict(str, ids))


def _everywhere(path: str, identity: object) -> str:
    return path.format_map(defaultdict(lambda: str(identity)))


def _sent(api: Api, method: str, path: str, *, at: str) -> Answer:
    """Send what the route wants, and a precondition that holds for whatever is there."""
    return api.request(method, at, BODIES.get((method, path)), headers={"if-match": "*"})


def _ids(api: Api, worker: Worker, survey: Survey) -> dict[str, object]:
    """Something of this user's under every name that a path may hold."""
    accepted = api.generate().json
    worker.work()
    image = api.get("/personas/me").json["persona"]["image"]
    return {
        "job_id": accepted["job"]["id"],
        "persona_id": accepted["persona_id"],
        "image_id": image["id"],
        "user_id": api.user["id"],
        "analysis_id": survey.id,
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
    lists = (PUBLIC, CARDS, OPEN_IN_PART, SHOWN_IF_PUBLISHED, BY_SHARE_TOKEN, OWN, OWN_BY_ID)
    assert visitor.get("/health").status == 200
    assert sorted(_routes()) == sorted(route for listed in lists for route in listed)


@pytest.mark.parametrize(("method", "path"), sorted(OWN | OWN_BY_ID))
def test_without_a_token_nothing_is_told(visitor: Api, method: str, path: str) -> None:
    answer = visitor.request(method, _everywhere(path, "nonsense"), {"colour": "red"})
    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "path"), sorted(OWN | OWN_BY_ID | SHOWN_IF_PUBLISHED | BY_SHARE_TOKEN | OPEN_IN_PART)
)
def test_a_bad_token_is_refused_everywhere(visitor: Api, method: str, path: str) -> None:
    visitor.token = "not.a.token"
    answer = visitor.request(method, _everywhere(path, uuid4()), {})
    assert (answer.status, answer.code) == (401, "invalid_token")


@pytest.mark.parametrize(
    ("method", "path"), sorted(OWN_BY_ID | SHOWN_IF_PUBLISHED | CARDS | BY_SHARE_TOKEN)
)
def test_anothers_id_answers_like_an_absent_one(
    api: Api, stranger: Api, worker: Worker, method: str, path: str
) -> None:
    refused = _sent(stranger, method, path, at=_at(path, **_ids(api, worker, open_survey(api))))
    assert refused.status == 404
    absent = _sent(stranger, method, path, at=_everywhere(path, uuid4()))
    assert _normal(refused) == _normal(absent)


@pytest.mark.parametrize(("method", "path"), sorted(SHOWN_IF_PUBLISHED))
def test_a_private_persona_is_absent_for_a_visitor(
    api: Api, visitor: Api, method: str, path: str
) -> None:
    mine = path.format(persona_id=api.generate().json["persona_id"])
    refused = visitor.request(method, mine)
    assert _normal(refused) == _normal(visitor.request(method, path.format(persona_id=uuid4())))


def test_a_stranger_changes_nothing(api: Api, stranger: Api, worker: Worker) -> None:
    survey = open_survey(api)
    ids = _ids(api, worker, survey)
    watched = [f"/jobs/{ids['job_id']}", "/jobs", survey.path]
    before = [api.get(path).json for path in watched]
    persona = _content(api, ids["persona_id"])
    for method, path in sorted(OWN_BY_ID):
        _sent(stranger, method, path, at=_at(path, **ids))
    assert [api.get(path).json for path in watched] == before
    assert _content(api, ids["persona_id"]) == persona
    assert stranger.get(survey.link).status == 200


def _content(api: Api, persona_id: object) -> dict[str, Any]:
    """The persona, but for the link that is signed anew each time."""
    content: dict[str, Any] = api.get(f"/personas/{persona_id}").json
    return content | {"image": content["image"]["id"]}
