from typing import ClassVar

from chalicelib.core.errors import Forbidden, Invalid, NotFound, Unauthenticated


class InvalidToken(Unauthenticated):
    """`reason` is for the log: it names the rule that was broken and never holds token text."""

    message = "The token is not valid. Sign in again."

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class LoginSpent(Unauthenticated):
    message = "This sign-in has been used already. Start a new one at the provider."


class EmailUnverified(Forbidden):
    message = "The provider has not verified this e-mail address. Verify it there, then sign in."


class ProviderNotConfigured(Invalid):
    message = "Sign-in by this provider is not configured here. Use another `provider`."


class RefreshRefused(Unauthenticated):
    message = "The refresh token is unknown, expired or revoked. Sign in again."


class RefreshReused(Unauthenticated):
    """A spent refresh token came back: whoever sends it, the session cannot be trusted any more."""

    message = "The refresh token was used before, so the session has been ended. Sign in again."
    keeps_changes: ClassVar[bool] = True


class UnknownPersona(NotFound):
    message = "You have no such persona."
