from datetime import timedelta
from math import ceil

from chalicelib.core.errors import Conflict, NotFound, Unavailable
from chalicelib.core.ports import VendorRejected, VendorUnavailable


class JobNotFound(NotFound):
    message = "There is no such job."


class JobAlreadyFinished(Conflict):
    message = "This job has already ended; there is nothing left to cancel."


class JobUnfinished(Conflict):
    message = "This job has not ended yet: there is nothing to have seen."


class JobNotRetryable(Conflict):
    message = "Only a failed job whose error says `retryable` can be tried again."


class LeaseLost(Conflict):
    """Another worker, a cancel or the sweeper has the job now: stop, and write nothing more."""

    message = "This worker no longer holds the job."


class Postponed(Unavailable):
    """Nothing was asked of the vendor, so the job waits without spending an attempt."""

    def __init__(self, delay: timedelta) -> None:
        super().__init__()
        self.delay = delay
        self.retry_after = ceil(delay.total_seconds())


class VendorResting(Postponed):
    message = "The AI vendor has failed several times and is left alone for a while."


class OrderUnanswered(Postponed):
    """It may have been accepted: before paying again, wait for news of it."""

    message = "The AI vendor has not answered an order yet."


class OrderUncollected(VendorUnavailable):
    """It is paid for: before paying elsewhere, try again to fetch it."""

    message = "What was ordered from the AI vendor could not be fetched yet."


class StepOverpaid(VendorRejected):
    message = "This step has been paid for as often as it may be."
