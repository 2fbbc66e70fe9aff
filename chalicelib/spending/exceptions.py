from datetime import datetime

from chalicelib.core.errors import TooManyRequests


class LimitReached(TooManyRequests):
    """Says in its document which limit it is, how large, and when it is counted anew."""

    def __init__(
        self, name: str, *, size: int, left: int, resets_at: datetime, seconds: int
    ) -> None:
        super().__init__()
        self.retry_after = seconds
        self.extensions = {
            "limit": {
                "name": name,
                "size": size,
                "left": left,
                "resets_at": resets_at.isoformat().replace("+00:00", "Z"),
            }
        }


class QuotaExceeded(LimitReached):
    message = (
        "This is more than what is left of your daily limit, which counts what jobs under way "
        "may still use. Wait for them to end, or for the day (UTC)."
    )


class BudgetExceeded(LimitReached):
    message = "The service has spent all that it may spend today. Try again tomorrow (UTC)."
