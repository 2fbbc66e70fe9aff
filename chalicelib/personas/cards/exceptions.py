from chalicelib.core.errors import Invalid, NotFound, TooLarge, Unavailable


class NotACard(Invalid):
    message = "This is no character card."

    @classmethod
    def because(cls, what: str) -> "NotACard":
        """`what` completes the sentence, and quotes nothing of the file."""
        return cls(f"This is no character card that can be read: {what}.")

    @property
    def code(self) -> str:
        return "not_a_card"


class CardTooLarge(TooLarge):
    message = "The card is too large: a file may have 10 MB, and the card in it 2 MB."


class CardRefused(Invalid):
    message = "The card's texts do not pass the content policy."

    @property
    def code(self) -> str:
        return "content_policy"


class UploadNotFound(NotFound):
    message = "There is no such upload: ask for a new one, send the file, then import it once."


class ModerationUnavailable(Unavailable):
    message = "The card's texts cannot be checked just now. Try again shortly."
