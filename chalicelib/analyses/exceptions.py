from chalicelib.core.errors import Conflict, Forbidden, Gone, Invalid, NotFound


class AnalysisNotFound(NotFound):
    message = "There is no such analysis. A link may have been replaced: ask for the new one."


class SurveyClosed(Gone):
    message = "This survey is closed. Ask whoever sent you the link for a new one."


class OwnerCannotAnswer(Forbidden):
    message = "This survey is about you: your own answers go to `PUT /analyses/{id}/self`."


class InvalidRespondentToken(Invalid):
    message = "The `respondent_token` is not one of this survey. Open its link again for a new one."


class InvalidSelfAnswers(Invalid):
    message = (
        "These answers contradict each other or leave out too much. Answer at least 14 items, and "
        "mind that some of them say the opposite of others."
    )


class ExpiryOutOfRange(Invalid):
    message = "`expires_at` has to lie in the future, and at most 90 days from now."


class AlreadyAnswered(Conflict):
    message = "You have answered this survey already. Thank you."


class SurveyFull(Conflict):
    message = "This survey has as many answers as it takes. Thank you all the same."


class ActiveExists(Conflict):
    message = (
        "You have an analysis that is collecting answers. Add `?replace=true` to close that one."
    )


class NotCollecting(Conflict):
    message = "This analysis no longer collects answers. Start a new one with `POST /analyses`."


class TooFewResponses(Conflict):
    """`missing` says how many more valid answers it takes."""

    def __init__(self, *, missing: int) -> None:
        wanted = "1 more valid answer is" if missing == 1 else f"{missing} more valid answers are"
        super().__init__(f"{wanted} needed. Share the link with more friends.")
        self.extensions = {"missing": missing}
