"""Everything that can go wrong at a vendor, and the queue of what goes wrong next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock

OPERATIONS = (
    "text",
    "moderation",
    "image",
    "speech",
    "prediction",
    "poll",
    "download",
    "models",
)

_ALL = frozenset(OPERATIONS)
_PAID = frozenset({"text", "image", "speech", "prediction"})
_MODELLED = _PAID | {"moderation"}
_JSON = _ALL - {"speech", "download"}


class Moment(StrEnum):
    """When a fault strikes decides whether the vendor has charged for the call."""

    REFUSED = "refused"
    UNHEARD = "unheard"
    DROPPED = "dropped"
    UNANSWERED = "unanswered"
    CUT = "cut"
    SPOILED = "spoiled"


@dataclass(frozen=True)
class Kind:
    summary: str
    moment: Moment
    operations: frozenset[str]
    options: frozenset[str] = frozenset()


def _refused(summary: str, operations: frozenset[str] = _ALL, *options: str) -> Kind:
    return Kind(summary, Moment.REFUSED, operations, frozenset(options))


def _spoiled(summary: str, *operations: str, options: frozenset[str] = frozenset()) -> Kind:
    return Kind(summary, Moment.SPOILED, frozenset(operations), options)


KINDS: Mapping[str, Kind] = {
    "401": _refused("the key is not known"),
    "403": _refused("the key may not do this"),
    "404": _refused("not found", frozenset({"prediction", "poll", "download"})),
    "429": _refused("too many requests, with or without Retry-After", _ALL, "retry_after"),
    "500": _refused("internal error"),
    "502": _refused("bad gateway"),
    "503": _refused("overloaded, with or without Retry-After", _ALL, "retry_after"),
    "529": _refused("overloaded, in a status without a name"),
    "insufficient_quota": _refused("the account is out of credit", _MODELLED),
    "model_not_found": _refused("the model is retired", _MODELLED),
    "content_policy_violation": _refused("refused by policy", frozenset({"text", "image"})),
    "moderation_blocked": _refused("refused by moderation", frozenset({"text", "image"})),
    "timeout_before": Kind("held, never accepted, not charged", Moment.UNHEARD, _ALL),
    "reset_before": Kind(
        "the connection breaks, never accepted, not charged", Moment.DROPPED, _ALL
    ),
    "timeout_after": Kind("accepted and charged, never answered", Moment.UNANSWERED, _ALL),
    "reset": Kind("charged, then the connection breaks mid-body", Moment.CUT, _ALL),
    "invalid_json": Kind("200 with half a JSON document", Moment.SPOILED, _JSON),
    "page": Kind("200 with a page where JSON belongs", Moment.SPOILED, _JSON),
    "empty": _spoiled(
        "200 with nothing in it",
        *("text", "moderation", "image", "speech", "prediction", "download"),
    ),
    "html": _spoiled("a page instead of the bytes", "image", "speech", "download"),
    "gif": _spoiled("a picture of a kind that nobody asked for", "image", "download"),
    "bad_base64": _spoiled("a payload that is not base64", "image"),
    "truncated": _spoiled("the first half of a PNG", "image", "download"),
    "truncated_jpeg": _spoiled("the first half of a JPEG", "image", "download"),
    "bomb": _spoiled("a small PNG of 400 million pixels", "image", "download"),
    "plain": _spoiled("a tiny picture of one colour, made at once", "image", "prediction"),
    "refusal": _spoiled("the model declines in words", "text"),
    "content_filter": _spoiled("half an answer, finish_reason content_filter", "text"),
    "schema_invalid": _spoiled("JSON that breaks the schema", "text"),
    "too_long": _spoiled("every string far over its length", "text"),
    "cut_short": _spoiled("half an answer, finish_reason length", "text"),
    "misses_low_poles": _spoiled("a persona that claims to be nothing to a low degree", "text"),
    "contrary": _spoiled("a persona that says the opposite of what it is", "text"),
    "obeys": _spoiled(
        "it does what the data says: leak, aside, markup or flood",
        "text",
        options=frozenset({"manner"}),
    ),
    "flagged": _spoiled("everything is flagged", "moderation"),
    "failed": _spoiled("it ends as failed", "prediction", options=frozenset({"error"})),
    "canceled": _spoiled("it ends as canceled", "prediction"),
    "stuck": _spoiled("it never ends", "prediction"),
    "foreign_url": _spoiled(
        "its output lies on another host", "prediction", options=frozenset({"url"})
    ),
    "redirect": _spoiled("302 to an internal address", "download", options=frozenset({"location"})),
}


class FaultRefused(ValueError):
    """No such fault can be ordered; the message says why."""


@dataclass
class Fault:
    """The next `times` calls of an operation go wrong, once the first `after` have passed."""

    operation: str
    kind: str
    times: int = 1
    after: int = 0
    contains: str | None = None
    options: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (kind := KINDS.get(self.kind)) is None:
            raise FaultRefused(f"There is no fault `{self.kind}`. There are: {', '.join(KINDS)}.")
        if self.operation not in kind.operations:
            possible = ", ".join(sorted(kind.operations))
            raise FaultRefused(f"`{self.kind}` happens to {possible}, not to `{self.operation}`.")
        if unknown := self.options.keys() - kind.options:
            raise FaultRefused(f"`{self.kind}` takes no {', '.join(sorted(unknown))}.")

    @property
    def moment(self) -> Moment:
        return KINDS[self.kind].moment

    def strikes(self, operation: str, prompt: str) -> bool:
        return operation == self.operation and (self.contains or "") in prompt


class Faults:
    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def take(self, operation: str, prompt: str) -> Fault | None:
        """Return what goes wrong with this call; the fault ordered first strikes first."""
        with self._lock:
            for fault in self._waiting:
                if not fault.strikes(operation, prompt):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None

    def waiting(self) -> list[Fault]:
        with self._lock:
            return list(self._waiting)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()
