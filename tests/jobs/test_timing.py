"""Times that only hold together."""

from datetime import timedelta

import boto3

from chalicelib.core.config import settings
from chalicelib.jobs import timing
from chalicelib.jobs.runner import backoff
from local.stack import Stack


def test_the_times_fit_together(stack: Stack) -> None:
    lease = timedelta(seconds=60)
    slack = timedelta(seconds=15)
    assert lease >= timing.CALL_TIMEOUT + slack
    assert timedelta(seconds=20) + timing.CALL_TIMEOUT < timing.WORKER_TIMEOUT
    assert timedelta(minutes=15) > timing.WORKER_TIMEOUT
    assert 6 * timing.WORKER_TIMEOUT <= timing.VISIBILITY
    assert lease + timing.SWEEP_PERIOD + timing.SEND_GRACE <= timedelta(seconds=180)
    assert timing.MAX_ATTEMPTS * timing.WORKER_TIMEOUT < timing.DEADLINE
    assert timedelta(hours=1) > timing.DEADLINE  # Replicate deletes its outputs then
    assert settings().job_lease_seconds == lease.total_seconds()


def test_the_queue_keeps_to_them(stack: Stack) -> None:
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=settings().generation_queue)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert int(attributes["VisibilityTimeout"]) == timing.VISIBILITY.total_seconds()
    assert f'"maxReceiveCount": {timing.MAX_RECEIVE_COUNT}' in attributes["RedrivePolicy"]


def test_the_delay_grows_and_is_capped() -> None:
    for attempt, ceiling in ((1, 2), (2, 4), (3, 8), (10, 60)):
        delays = [backoff(attempt).total_seconds() for _ in range(200)]
        assert 0 <= min(delays) < max(delays) <= ceiling
