"""The kinds of failure a caller can act on. HTTP and the workers each translate the kind, once."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class DomainError(Exception):
    message = "This cannot be done."
    reason: str = ""
    """For the log: what an administrator needs to know. It holds nothing about anybody."""
    details: Sequence[Mapping[str, Any]] = ()
    retry_after: int | None = None
    """Seconds after which the caller may try again."""
    extensions: Mapping[str, Any] = {}
    """Further members of the problem document (RFC 9457, 3.2)."""
    keeps_changes: ClassVar[bool] = False
    """Whether what the transaction wrote is committed although the caller is refused."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.message)

    @property
    def code(self) -> str:
        """The stable name that clients switch on: `PersonaNotFound` is `persona_not_found`."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(self).__name__).lower()


class Invalid(DomainError):
    message = "The request is not understood: see `errors`."

    def __init__(
        self, message: str | None = None, *, details: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        super().__init__(message)
        self.details = details


class Unauthenticated(DomainError):
    message = "Sign in first: send a valid access token as `Authorization: Bearer ...`."


class Forbidden(DomainError):
    message = "You may not do this."


class NotFound(DomainError):
    message = "There is no such thing."


class Conflict(DomainError):
    message = "This does not fit the present state."


class Gone(DomainError):
    message = "This was here, and is not any more."


class PreconditionRequired(DomainError):
    message = "Say which version you have seen: send its `ETag` as `If-Match`."


class PreconditionFailed(DomainError):
    message = "This has changed since you read it. Read it again, then decide anew."


class TooManyRequests(DomainError):
    message = "You have asked for too much. Try again later."


class TooLarge(DomainError):
    message = "This is larger than it may be."


class Unavailable(DomainError):
    """Worth trying again later."""

    message = "A service that this needs does not answer. Try again shortly."
    retry_after: int | None = 5
