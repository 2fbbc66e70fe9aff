"""Make in the AWS emulator what Terraform makes in the cloud. Safe to run again."""

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3

from local.aws import HEALTH
from local.home import replace_text
from local.ports import answers_http
from local.settings import REGION

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

VISIBILITY_SECONDS = {"generation": 1080, "webhooks": 180}
"""The queues, and how long each hides a message that was received."""
USER_POOL = "persona"

_MAX_RECEIVES = 5
_FOURTEEN_DAYS = 14 * 24 * 60 * 60
_PATIENCE_SECONDS = 60
_TICK_SECONDS = 0.02


def create_bucket(s3: "S3Client", name: str) -> None:
    if name not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})


def create_queues(sqs: "SQSClient") -> None:
    for name, seconds in VISIBILITY_SECONDS.items():
        dead_letters = create_queue(
            sqs, f"{name}-dlq", {"MessageRetentionPeriod": str(_FOURTEEN_DAYS)}
        )
        redrive = {"deadLetterTargetArn": dead_letters, "maxReceiveCount": _MAX_RECEIVES}
        create_queue(
            sqs,
            name,
            {"VisibilityTimeout": str(seconds), "RedrivePolicy": json.dumps(redrive)},
        )


def create_queue(
    sqs: "SQSClient", name: str, attributes: "Mapping[QueueAttributeNameType, str]"
) -> str:
    """Make a queue, or adjust the one that is there, and return its ARN."""
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return answer["Attributes"]["QueueArn"]


def create_user_pool(cognito: Any) -> dict[str, str]:
    """Return the settings with which the application trusts the pool's tokens."""
    pools = cognito.list_user_pools(MaxResults=60)["UserPools"]
    pool = next((each["Id"] for each in pools if each["Name"] == USER_POOL), None)
    if pool is None:
        pool = cognito.create_user_pool(PoolName=USER_POOL)["UserPool"]["Id"]
    clients = cognito.list_user_pool_clients(UserPoolId=pool, MaxResults=60)["UserPoolClients"]
    client = next((each["ClientId"] for each in clients if each["ClientName"] == USER_POOL), None)
    if client is None:
        made = cognito.create_user_pool_client(
            UserPoolId=pool,
            ClientName=USER_POOL,
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )
        client = made["UserPoolClient"]["ClientId"]
    return {
        "COGNITO_ISSUER": f"https://cognito-idp.{REGION}.amazonaws.com/{pool}",
        "COGNITO_JWKS_URL": f"{cognito.meta.endpoint_url}/{pool}/.well-known/jwks.json",
        "COGNITO_CLIENT_ID": client,
    }


def wait_for_emulator() -> None:
    """Let the emulator start while this program, which takes as long, loads its clients."""
    port = urlsplit(os.environ["AWS_ENDPOINT_URL"]).port or 0
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not answers_http(port, HEALTH):
        if time.monotonic() > deadline:
            sys.exit(f"The AWS emulator does not answer after {_PATIENCE_SECONDS} s.")
        time.sleep(_TICK_SECONDS)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.resources")
    parser.add_argument("--output", type=Path, required=True)
    output = parser.parse_args().output
    s3, sqs, cognito = (boto3.client(name) for name in ("s3", "sqs", "cognito-idp"))
    wait_for_emulator()
    create_bucket(s3, os.environ["MEDIA_BUCKET"])
    create_queues(sqs)
    replace_text(output, json.dumps(create_user_pool(cognito)))


if __name__ == "__main__":
    main()
