from chalicelib.core.errors import DomainError, Unauthenticated


class InvalidSignature(Unauthenticated):
    """`reason` is for the log: it names the rule that was broken."""

    message = "The signature does not vouch for this message."

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class NoticeUnreadable(DomainError):
    message = "The message is signed, but says nothing of a prediction."
