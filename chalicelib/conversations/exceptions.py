from chalicelib.core.errors import Conflict, Invalid, Unavailable

TURN_POLL_SECONDS = 2


class TurnRunning(Conflict):
    message = "The persona is still answering in this talk. Send the message again shortly."
    retry_after: int | None = TURN_POLL_SECONDS


class TurnLost(Conflict):
    """The turn took longer than it may, and the talk is no longer its own."""

    message = "This took too long and was given up. Send the same message again."
    retry_after: int | None = TURN_POLL_SECONDS


class AnswerOutstanding(Conflict):
    message = (
        "Your last messages have not been answered, and no more can be read at once. Send the last "
        "of them again first."
    )


class Blocked(Invalid):
    message = "This message does not pass the content policy. Change it and try again."

    def __init__(self) -> None:
        why = {"loc": ["message"], "msg": "does not pass the content policy", "type": "blocked"}
        super().__init__(details=[why])


class ReplyWithheld(Unavailable):
    message = (
        "What the persona was about to say does not pass the content policy. Send the same message "
        "again for another answer, or put it differently."
    )
    retry_after: int | None = 1


class ReplyFailed(Unavailable):
    """The vendor answered with something that is no answer, and may do better next time."""

    message = "The persona found no answer. Send the same message again."
    retry_after: int | None = TURN_POLL_SECONDS
