from chalicelib.core.errors import Conflict, NotFound


class JobNotFound(NotFound):
    message = "There is no such job."


class JobAlreadyFinished(Conflict):
    message = "This job has already ended; there is nothing left to cancel."


class JobNotRetryable(Conflict):
    message = "Only a failed job whose error says `retryable` can be tried again."


class LeaseLost(Conflict):
    """Another worker, a cancel or the sweeper has the job now: stop, and write nothing more."""

    message = "This worker no longer holds the job."
