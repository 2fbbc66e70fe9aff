"""`Retry-After`, as vendors send it (RFC 9110, 10.2.3)."""

import re

LONGEST = 900
"""Seconds. SQS delays a message no longer, and by then a job has passed its deadline."""


def retry_after(header: str | None) -> int | None:
    """Read whole seconds, at most `LONGEST`. A date, or nonsense, says nothing."""
    if header is None or not re.fullmatch(r"[0-9]{1,9}", header):
        return None
    return min(int(header), LONGEST)
