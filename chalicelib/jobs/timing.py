"""The times that must fit together; `tests/jobs/test_timing.py` asserts how."""

from datetime import timedelta

CALL_TIMEOUT = timedelta(seconds=45)
"""The longest a single vendor call may take."""

WORKER_TIMEOUT = timedelta(seconds=180)
"""The Lambda timeout of a worker: one pass through a generation, its fallback included."""

VISIBILITY = timedelta(seconds=1080)
"""How long a received message stays hidden. AWS asks for six times the function's timeout."""

MAX_RECEIVE_COUNT = 5
"""Receives before a message goes to the dead-letter queue."""

MAX_ATTEMPTS = 3
DEADLINE = timedelta(minutes=15)
SWEEP_PERIOD = timedelta(seconds=60)

SEND_GRACE = timedelta(seconds=10)
"""How long a committed job may wait for its message before the sweeper sends one."""

RESEND_AFTER = timedelta(minutes=2)
"""How long a sent message may stay unheard before the sweeper sends another. A worker that dies
before it has claimed the job hides the message for all of `VISIBILITY`."""

LONGEST_DELAY = timedelta(minutes=4)
"""How long a queue holds a message back; SQS takes 15 minutes. What waits longer is left to the
sweeper."""

BACKOFF_BASE = timedelta(seconds=2)
BACKOFF_CAP = timedelta(seconds=60)

ANSWER_GRACE = timedelta(seconds=30)
"""How long an order that was not answered is waited for before it is paid for again."""

REST = timedelta(seconds=30)
"""How long a vendor that keeps failing is left alone before a call tries it."""

PROBE_TIME = timedelta(seconds=60)
"""How long a call that tries the vendor may take before another one may: it may have died."""

PROBE_NEWS = timedelta(seconds=10)
"""When to ask again while another call is trying the vendor."""

LAST_TRY = WORKER_TIMEOUT + 2 * SWEEP_PERIOD
"""What has to be left of a job's time for it to be worth waiting: to be sent, and to run."""

DELIVERY_DELAYS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
)
"""Between the attempts to deliver a webhook; the last follows almost four hours after the first."""

DELIVERY_ATTEMPTS = len(DELIVERY_DELAYS) + 1
DELIVERY_DEADLINE = timedelta(hours=12)
DELIVERY_TIMEOUT = timedelta(seconds=10)
"""What one attempt may take of a worker's time, whatever the receiver does."""

DELIVERY_WORKER_TIMEOUT = timedelta(seconds=30)
DELIVERY_VISIBILITY = timedelta(seconds=180)
