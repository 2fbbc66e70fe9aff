"""Everything that a vendor says no to, in the words of both vendors."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from local.vendors.messages import Reply, json_reply

_INVALID = "invalid_request_error"


@dataclass(frozen=True)
class Problem:
    status: int
    message: str
    type: str = "server_error"
    code: str | None = None
    param: str | None = None
    retry_after: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.retry_after is None else {"Retry-After": self.retry_after}


Shape = Callable[[Problem], Reply]

TOO_MANY = Problem(
    429, "Rate limit reached on requests per min.", "requests", "rate_limit_exceeded"
)
NO_QUOTA = Problem(
    429,
    "You exceeded your current quota, please check your plan and billing details.",
    "insufficient_quota",
    "insufficient_quota",
)
NO_KEY = Problem(401, "You didn't provide an API key.", _INVALID)
WRONG_KEY = Problem(401, "Incorrect API key provided.", _INVALID, "invalid_api_key")
NOT_ALLOWED = Problem(
    403, "Your key does not have the permission for this.", _INVALID, "insufficient_permissions"
)
NOT_FOUND = Problem(404, "The requested resource could not be found.", _INVALID, "not_found")
MALFORMED = Problem(400, "We could not parse the JSON body of your request.", _INVALID)
BLOCKED = Problem(
    400,
    "Your request was rejected by the safety system.",
    "image_generation_user_error",
    "moderation_blocked",
)
AGAINST_POLICY = Problem(
    400,
    "Your request was rejected as a result of our safety system.",
    _INVALID,
    "content_policy_violation",
)
_NO_MODEL = Problem(
    404,
    "The model does not exist or you do not have access to it.",
    _INVALID,
    "model_not_found",
    "model",
)

BY_FAULT = {
    "401": WRONG_KEY,
    "403": NOT_ALLOWED,
    "404": NOT_FOUND,
    "429": TOO_MANY,
    "500": Problem(500, "The server had an error while processing your request."),
    "502": Problem(502, "Bad gateway."),
    "503": Problem(503, "The engine is currently overloaded, please try again later."),
    "529": Problem(529, "The service is overloaded.", "overloaded_error", "overloaded"),
    "content_policy_violation": AGAINST_POLICY,
    "insufficient_quota": NO_QUOTA,
    "model_not_found": _NO_MODEL,
    "moderation_blocked": BLOCKED,
}
"""The faults that are a refusal, and what they say."""

_REPLICATE_TITLES = {
    400: "Bad request",
    401: "Unauthenticated",
    402: "Insufficient credit",
    403: "Forbidden",
    404: "Not found",
    422: "Input validation failed",
    429: "Too many requests",
}


def no_such_model(name: str) -> Problem:
    return replace(_NO_MODEL, message=f"The model `{name}` does not exist or is not served here.")


def invalid(message: str, *, code: str | None = None, param: str | None = None) -> Problem:
    return Problem(400, message, _INVALID, code, param)


def openai_error(problem: Problem) -> Reply:
    error: dict[str, Any] = {
        "message": problem.message,
        "type": problem.type,
        "param": problem.param,
        "code": problem.code,
    }
    return json_reply({"error": error}, problem.status, problem.headers)


def replicate_error(problem: Problem) -> Reply:
    status = 402 if problem.code == NO_QUOTA.code else problem.status
    title = _REPLICATE_TITLES.get(status, "The request failed")
    body = {"title": title, "detail": problem.message, "status": status}
    return json_reply(body, status, problem.headers)
