"""Where HTTP meets the domain: views are plain functions, and this module knows requests."""

import inspect
import re
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, get_args, get_origin, get_type_hints
from uuid import UUID

from chalice.app import Blueprint, Request, Response
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from chalicelib.core import db, idempotency, problems, waiting
from chalicelib.core.answers import (
    INERT,
    JSON,
    Pending,
    Reply,
    Staged,
    headers_of,
    matches,
    media_type_of,
)
from chalicelib.core.errors import DomainError, Invalid, PreconditionRequired
from chalicelib.core.preconditions import IfMatch

MAX_BODY_BYTES = 64 * 1024

View = Callable[..., Any]
Status = int | tuple[int, ...]
"""The status of an answer; the first of several is the usual one."""


@dataclass(frozen=True)
class Caller:
    """Whom the access token names: a user, in one session."""

    user_id: UUID
    session_id: UUID


Guard = Callable[[Mapping[str, str]], Caller | None]


@dataclass(frozen=True)
class Answer:
    """What goes out now, and how to find out more for a client that would wait."""

    response: Response
    settled: Callable[[], Reply[Any] | None] | None = None


def anyone(_headers: Mapping[str, str]) -> None:
    """Guard a public route: being public is said, never forgotten."""


class Routes(Blueprint):
    """A Chalice blueprint whose views name what they need.

    A view may ask for `session` (a GET reads from the primary, anything else runs in the one
    transaction), `replica`, `caller`, `ports`, `app`, `body`, `query`, and the names in its path;
    to check a signature, for the `raw` bytes of the body, and the `headers`.
    One that has transactions of its own asks for the `attempt`, and keeps what an `Idempotency-Key`
    promises itself. One that asks for `if_match` is not called without that header, unless its
    hint allows None.
    """

    def __init__(
        self, import_name: str, *, guard: Guard, max_body_bytes: int = MAX_BODY_BYTES
    ) -> None:
        super().__init__(import_name)
        self.guard = guard
        self.max_body_bytes = max_body_bytes

    def get(
        self, path: str, *, status: Status = HTTPStatus.OK, guard: Guard | None = None
    ) -> Callable[[View], View]:
        return self._verb("GET", path, status, guard)

    def post(
        self, path: str, *, status: Status = HTTPStatus.CREATED, guard: Guard | None = None
    ) -> Callable[[View], View]:
        return self._verb("POST", path, status, guard)

    def put(self, path: str, *, status: Status = HTTPStatus.OK) -> Callable[[View], View]:
        return self._verb("PUT", path, status, None)

    def patch(self, path: str, *, status: Status = HTTPStatus.OK) -> Callable[[View], View]:
        return self._verb("PATCH", path, status, None)

    def delete(self, path: str) -> Callable[[View], View]:
        return self._verb("DELETE", path, HTTPStatus.NO_CONTENT, None)

    def _verb(
        self, method: str, path: str, status: Status, guard: Guard | None
    ) -> Callable[[View], View]:
        def register(view: View) -> View:
            endpoint = Endpoint(
                view, routes=self, path=path, method=method, status=status, guard=guard
            )
            # The wrapper checks the media type itself, so that a 415 is a problem document too.
            register_view = self.route(path, methods=[method], name=view.__name__, content_types=[])
            register_view(endpoint)
            return view

        return register


GIVEN = {"session", "replica", "caller", "ports", "app", "raw", "headers", "if_match", "attempt"}
SENT = {"body", "query"}


class Endpoint:
    """One view behind HTTP: guard, parse, call in a transaction, serialise."""

    def __init__(
        self,
        view: View,
        *,
        routes: Routes,
        path: str,
        method: str,
        status: Status,
        guard: Guard | None,
    ) -> None:
        hints = get_type_hints(view, include_extras=True)
        wanted = set(inspect.signature(view).parameters)
        self.path_names = set(re.findall(r"{(\w+)}", path))
        if unknown := wanted - GIVEN - SENT - self.path_names:
            message = f"{view.__qualname__} asks for {unknown}, which no request carries"
            raise TypeError(message)
        self.view, self.routes, self.method, self.path = view, routes, method, path
        self.statuses = status if isinstance(status, tuple) else (status,)
        self.__name__, self.__doc__ = view.__name__, view.__doc__
        self.guard = guard or routes.guard
        self.hints = {name: hints[name] for name in wanted - GIVEN}
        self.given = wanted & GIVEN
        self.needs_if_match = hints.get("if_match") is IfMatch
        self.returns = hints["return"]
        says_more = get_origin(self.returns) in {Reply, Pending, Staged}
        answers = get_args(self.returns)[0] if says_more else self.returns
        self.answers: Any = answers
        self.media_type = media_type_of(answers)
        self._parsers = {name: TypeAdapter(hint) for name, hint in self.hints.items()}
        self._to_json = TypeAdapter(answers).serializer.to_json

    @property
    def is_repeatable(self) -> bool:
        """Whether a signed-in caller may send the request again under the same key."""
        takes_care = self.is_staged or not self.given.isdisjoint({"session", "attempt"})
        return self.method == "POST" and takes_care and self.guard is not anyone

    @property
    def is_staged(self) -> bool:
        return get_origin(self.returns) is Staged

    @property
    def may_wait(self) -> bool:
        return get_origin(self.returns) is Pending

    def __call__(self, **path: str) -> Response:
        received = time.monotonic()
        request = self.routes.current_request
        try:
            answer = self._answer(request, path)
            return self._waited_for(request, answer, received=received)
        except DomainError as error:
            return problems.from_error(error)

    def _answer(self, request: Request, path: Mapping[str, str]) -> Answer:
        """Without the replica the primary answers, be it later: a view that reads from the replica
        does nothing else, and may be called again."""
        try:
            return self._answered(request, path)
        except db.DatabaseUnavailable:
            if "replica" not in self.given or not db.rest_replica():
                raise
            return self._answered(request, path)

    def _answered(self, request: Request, path: Mapping[str, str]) -> Answer:
        caller = self.guard(request.headers)
        inputs = self._inputs(request, path)
        attempt = self._attempt(request, path, caller)
        if "attempt" in self.given:
            inputs["attempt"], attempt = attempt, None
        if "if_match" in self.given:
            inputs["if_match"] = self._precondition(request)
        with ExitStack() as stack:
            for name in self.given - inputs.keys() - {"replica"}:
                inputs[name] = self._provide(name, request, caller, stack)
            if "replica" in self.given:
                inputs["replica"] = _replica(inputs.get("session"), stack)
            if self.is_staged:
                return self._in_stages(request, inputs, attempt)
            act = partial(self._asked, request, inputs)
            return _once(inputs["session"], attempt, act) if attempt else act()

    def _in_stages(
        self, request: Request, inputs: Mapping[str, Any], attempt: idempotency.Attempt | None
    ) -> Answer:
        """Look for the answer before the long part, too: it may cost something."""
        if attempt is not None:
            with db.transaction() as session:
                if (before := idempotency.recall(session, attempt)) is not None:
                    return Answer(before)
        staged: Staged[Any] = self.view(**inputs)
        with db.transaction() as session:

            def act() -> Answer:
                return Answer(self._response(request, staged.carry_out(session)))

            return _once(session, attempt, act) if attempt else act()

    def _asked(self, request: Request, inputs: Mapping[str, Any]) -> Answer:
        result = self.view(**inputs)
        reply = result if isinstance(result, Reply) else Reply(result)
        settled = reply.settled if isinstance(reply, Pending) else None
        return Answer(self._response(request, reply), settled)

    def _attempt(
        self, request: Request, path: Mapping[str, str], caller: Caller | None
    ) -> idempotency.Attempt | None:
        key = request.headers.get(idempotency.HEADER)
        if key is None or caller is None or not self.is_repeatable:
            return None
        takes_body = "body" in self.hints
        body = _json_body(request, limit=self.routes.max_body_bytes) if takes_body else b""
        return idempotency.Attempt(
            user_id=caller.user_id,
            operation=f"{self.method} {self.path.format(**path)}",
            key=idempotency.checked(key),
            fingerprint=idempotency.fingerprint(dict(request.query_params or {}), body),
        )

    def _waited_for(self, request: Request, answer: Answer, *, received: float) -> Response:
        seconds = waiting.preferred_seconds(request.headers)
        if answer.settled is None or not seconds:
            return answer.response
        last = waiting.settled_by(received + seconds, answer.settled)
        response = answer.response if last is None else self._response(request, last)
        response.headers["Preference-Applied"] = f"wait={seconds}"
        return response

    def _provide(self, name: str, request: Request, caller: Caller | None, stack: ExitStack) -> Any:
        if name == "session":
            opened = db.reading() if self.method == "GET" else db.transaction()
            return stack.enter_context(opened)
        if name == "caller":
            return caller
        if name == "headers":
            return request.headers
        if name == "raw":
            return _json_body(request, limit=self.routes.max_body_bytes)
        app: Any = self.routes.current_app
        return app if name == "app" else app.ports()

    def _precondition(self, request: Request) -> IfMatch | None:
        if (header := request.headers.get("if-match")) is not None:
            return IfMatch.parse(header)
        if self.needs_if_match:
            raise PreconditionRequired
        return None

    def _inputs(self, request: Request, path: Mapping[str, str]) -> dict[str, Any]:
        inputs: dict[str, Any] = {}
        problems_found: list[Mapping[str, Any]] = []
        for name, parser in self._parsers.items():
            try:
                inputs[name] = self._parsed(parser, name, request, path)
            except ValidationError as error:
                problems_found += _explained(error, name)
        if problems_found:
            raise Invalid(details=problems_found)
        return inputs

    def _parsed(
        self, parser: TypeAdapter[Any], name: str, request: Request, path: Mapping[str, str]
    ) -> Any:
        if name in self.path_names:
            return parser.validate_strings(path[name])
        if name == "query":
            return parser.validate_strings(dict(request.query_params or {}))
        return parser.validate_json(_json_body(request, limit=self.routes.max_body_bytes))

    def _response(self, request: Request, reply: Reply[Any]) -> Response:
        headers = headers_of(reply)
        status = reply.status or self.statuses[0]
        known = request.headers.get("if-none-match", "") if self.method == "GET" else ""
        if reply.etag and matches(reply.etag, known):
            return Response("", headers=headers, status_code=HTTPStatus.NOT_MODIFIED)
        if reply.body is None:
            return Response("", headers=headers, status_code=status)
        headers["Content-Type"] = self.media_type
        if self.media_type == JSON:
            return Response(self._to_json(reply.body).decode(), headers=headers, status_code=status)
        return Response(reply.body, headers={**headers, **INERT}, status_code=status)


def _once(session: Session, attempt: idempotency.Attempt, act: Callable[[], Answer]) -> Answer:
    if (before := idempotency.recall(session, attempt)) is not None:
        return Answer(before)
    answer = act()
    idempotency.keep(session, attempt, answer.response)
    return answer


def _replica(session: Session | None, stack: ExitStack) -> Session:
    """Without a replica, a view that reads from both has one connection: a pool may have one."""
    if session is not None and not db.has_replica():
        return session
    return stack.enter_context(db.reading_replica())


def _json_body(request: Request, *, limit: int) -> bytes:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        sent = request.raw_body
        raw = sent.encode() if isinstance(sent, str) else sent
    except ValueError as error:
        raise problems.Malformed from error
    if len(raw) > limit:
        raise problems.PayloadTooLarge(f"The body is too large: send at most {limit // 1024} KB.")
    if raw and media_type != "application/json":
        raise problems.UnsupportedMediaType
    return raw


def _explained(error: ValidationError, name: str) -> list[Mapping[str, Any]]:
    """Say what is wrong, and where, without echoing what was sent."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    if any(detail["type"] == "json_invalid" for detail in found):
        raise problems.Malformed from error
    where = () if name == "body" else (name,)
    return [
        {
            "loc": [*where, *detail["loc"]],
            "msg": detail["msg"].removeprefix("Value error, "),
            "type": detail["type"],
        }
        for detail in found
    ]
