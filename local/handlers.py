"""The event handlers of the workers, found and called the way Lambda finds and calls them."""

import copy
import logging
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType, TracebackType
from typing import Any, Self
from uuid import uuid4

from chalice.app import Blueprint, Chalice, ScheduledEventConfig, ScheduleExpression, SQSEventConfig

WORKERS = "chalicelib.workers"

_UNITS = {"minute": 60, "hour": 60 * 60, "day": 24 * 60 * 60}

log = logging.getLogger(__name__)


class UnknownExpression(Exception):
    """A schedule that is no rate."""


@dataclass(frozen=True)
class Context:
    """What a handler can ask of the Lambda that runs it."""

    function_name: str
    timeout_seconds: float
    aws_request_id: str = field(default_factory=lambda: str(uuid4()))
    memory_limit_in_mb: int = 1024
    function_version: str = "$LATEST"
    invoked_function_arn: str = ""
    started: float = field(default_factory=time.monotonic)

    def get_remaining_time_in_millis(self) -> int:
        elapsed = time.monotonic() - self.started
        return max(0, round((self.timeout_seconds - elapsed) * 1000))


Call = Callable[[dict[str, Any], Context], object]


@dataclass(frozen=True)
class Subscription:
    """A handler of the messages of a queue."""

    name: str
    call: Call
    queue: str
    batch_size: int = 1


@dataclass(frozen=True)
class Schedule:
    """A handler that is due again and again."""

    name: str
    call: Call
    period_seconds: float


class Guarded:
    """Keep the runtime alive through whatever a handler raises, as Lambda does, and log it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.has_failed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self.has_failed = isinstance(error, Exception)
        if self.has_failed:
            log.error("handler failed", extra={"handler": self._name}, exc_info=error)
        return self.has_failed


def subscriptions(package: str = WORKERS) -> list[Subscription]:
    return [
        Subscription(
            source.name,
            _load(source.handler_string),
            queue=_queue_of(source),
            batch_size=source.batch_size,
        )
        for source in _event_sources(package)
        if isinstance(source, SQSEventConfig)
    ]


def schedules(package: str = WORKERS) -> list[Schedule]:
    return [
        Schedule(source.name, _load(source.handler_string), period_of(source.schedule_expression))
        for source in _event_sources(package)
        if isinstance(source, ScheduledEventConfig)
    ]


def _event_sources(package: str) -> list[Any]:
    """Register the blueprints with an empty application, which lists what they subscribe to.

    Copies are registered: a handler must not see an application, because in Lambda its module is
    loaded without one.
    """
    registrar = Chalice("registrar", configure_logs=False)
    for module in _modules(package):
        if isinstance(blueprint := getattr(module, "handlers", None), Blueprint):
            registrar.register_blueprint(copy.copy(blueprint))
    return registrar.event_sources


def _modules(package: str) -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(import_module(package).__path__, f"{package}."):
        yield import_module(found.name)


def _load(handler_string: str) -> Call:
    module, _, name = handler_string.rpartition(".")
    call: Call = getattr(import_module(module), name)
    return call


def _queue_of(source: SQSEventConfig) -> str:
    return source.queue or str(source.queue_arn).rpartition(":")[2]


def period_of(expression: str | ScheduleExpression) -> float:
    text = expression if isinstance(expression, str) else expression.to_string()
    if (rate := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", text)) is None:
        raise UnknownExpression(f"{text} is no rate; only rates run on this machine.")
    return int(rate[1]) * _UNITS[rate[2]]
