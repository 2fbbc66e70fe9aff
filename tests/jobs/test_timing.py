"""Times that only hold together."""

import json
from datetime import timedelta
from pathlib import Path

import boto3
import pytest

from chalicelib.conversations import chatting
from chalicelib.core.config import settings
from chalicelib.jobs import timing
from chalicelib.jobs.runner import backoff
from local.handlers import subscriptions
from local.stack import Stack


def test_the_times_fit_together(stack: Stack) -> None:
    lease = timedelta(seconds=60)
    slack = timedelta(seconds=15)
    assert lease >= timing.CALL_TIMEOUT + slack
    assert timedelta(seconds=20) + timing.CALL_TIMEOUT < timing.WORKER_TIMEOUT
    assert timedelta(minutes=15) > timing.WORKER_TIMEOUT
    assert 6 * timing.WORKER_TIMEOUT <= timing.VISIBILITY
    longest_standstill = timedelta(seconds=180)
    assert lease + timing.SWEEP_PERIOD + timing.SEND_GRACE <= longest_standstill
    assert longest_standstill >= timing.RESEND_AFTER + timing.SWEEP_PERIOD
    assert timing.MAX_ATTEMPTS * timing.WORKER_TIMEOUT < timing.DEADLINE
    assert timedelta(hours=1) > timing.DEADLINE  # Replicate deletes its outputs then
    assert settings().job_lease_seconds == lease.total_seconds()


def test_the_times_of_a_turn_fit_together(stack: Stack, checkout: Path) -> None:
    configured = json.loads((checkout / ".chalice/config.json").read_text())
    lifetime = configured["stages"]["dev"]["lambda_timeout"]
    judged_twice = 2 * chatting.MODERATION_SECONDS
    assert judged_twice + chatting.REPLY_SECONDS <= chatting.TURN_SECONDS
    assert judged_twice + chatting.FOLD_SECONDS < chatting.TURN_SECONDS
    assert lifetime - 2 > chatting.TURN_SECONDS + 2 * chatting.LEAST_SECONDS
    assert lifetime < settings().turn_lease_seconds < timing.SWEEP_PERIOD.total_seconds()


def test_the_times_of_webhooks_fit_together(stack: Stack) -> None:
    look_up_and_connect = timedelta(seconds=10)
    assert timing.DELIVERY_TIMEOUT + look_up_and_connect < timing.DELIVERY_WORKER_TIMEOUT
    assert timedelta(seconds=settings().job_lease_seconds) > timing.DELIVERY_WORKER_TIMEOUT
    assert 6 * timing.DELIVERY_WORKER_TIMEOUT <= timing.DELIVERY_VISIBILITY
    assert timedelta(minutes=15) >= timing.LONGEST_DELAY
    longest_wait_asked_for = timing.DELIVERY_ATTEMPTS * timedelta(minutes=19)
    assert sum(timing.DELIVERY_DELAYS, longest_wait_asked_for) < timing.DELIVERY_DEADLINE


def attributes_of(queue: str) -> dict[str, str]:
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    attributes: dict[str, str] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])[
        "Attributes"
    ]
    return attributes


@pytest.mark.parametrize(
    ("queue", "visibility"),
    [("generation", timing.VISIBILITY), ("webhooks", timing.DELIVERY_VISIBILITY)],
)
def test_the_queues_keep_to_them(stack: Stack, queue: str, visibility: timedelta) -> None:
    attributes = attributes_of(queue)
    assert int(attributes["VisibilityTimeout"]) == visibility.total_seconds()
    assert json.loads(attributes["RedrivePolicy"])["maxReceiveCount"] == timing.MAX_RECEIVE_COUNT


def test_every_queue_fits_the_worker_that_hears_it(stack: Stack, checkout: Path) -> None:
    """One message at a time: of a batch, Chalice cannot tell SQS which part has failed."""
    for each in subscriptions():
        queue = attributes_of(each.queue)
        policy = json.loads(queue["RedrivePolicy"])
        dead_letters = attributes_of(policy["deadLetterTargetArn"].rpartition(":")[2])
        timeout = functions_of(checkout)[each.name]["lambda_timeout"]
        assert each.batch_size == 1
        assert int(queue["VisibilityTimeout"]) >= 6 * timeout
        assert policy["maxReceiveCount"] >= 5
        kept, kept_dead = (int(q["MessageRetentionPeriod"]) for q in (queue, dead_letters))
        assert kept_dead > kept


def functions_of(checkout: Path) -> dict[str, dict[str, int]]:
    config = json.loads((checkout / ".chalice" / "config.json").read_text())
    functions: dict[str, dict[str, int]] = config["stages"]["dev"]["lambda_functions"]
    return functions


def test_the_lambdas_keep_to_them(checkout: Path) -> None:
    functions = functions_of(checkout)
    for name, timeout in (
        ("persona_generator", timing.WORKER_TIMEOUT),
        ("webhooks", timing.DELIVERY_WORKER_TIMEOUT),
    ):
        assert functions[name]["lambda_timeout"] == timeout.total_seconds()


def test_the_delay_grows_and_is_capped() -> None:
    for attempt, ceiling in ((1, 2), (2, 4), (3, 8), (10, 60)):
        delays = [backoff(attempt).total_seconds() for _ in range(200)]
        assert 0 <= min(delays) < max(delays) <= ceiling
