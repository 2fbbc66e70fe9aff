"""Make in the AWS emulator what Terraform makes in the cloud. Safe to run again."""

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from local.home import replace_text

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

QUEUE = "generation"
DEAD_LETTERS = "generation-dlq"
USER_POOL = "persona"

_VISIBILITY_SECONDS = 1080
_MAX_RECEIVES = 5
_FOURTEEN_DAYS = 14 * 24 * 60 * 60


def create_bucket(name: str) -> None:
    s3 = boto3.client("s3")
    if name not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name}
        )


def create_queues() -> None:
    sqs = boto3.client("sqs")
    dead_letters = create_queue(sqs, DEAD_LETTERS, {"MessageRetentionPeriod": str(_FOURTEEN_DAYS)})
    redrive = {"deadLetterTargetArn": dead_letters, "maxReceiveCount": _MAX_RECEIVES}
    create_queue(
        sqs,
        QUEUE,
        {"VisibilityTimeout": str(_VISIBILITY_SECONDS), "RedrivePolicy": json.dumps(redrive)},
    )


def create_queue(
    sqs: "SQSClient", name: str, attributes: "Mapping[QueueAttributeNameType, str]"
) -> str:
    """Make a queue, or adjust the one that is there, and return its ARN."""
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return answer["Attributes"]["QueueArn"]


def create_user_pool() -> dict[str, str]:
    """Return the settings with which the application trusts the pool's tokens."""
    cognito = boto3.client("cognito-idp")
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
    region, endpoint = cognito.meta.region_name, cognito.meta.endpoint_url
    return {
        "COGNITO_ISSUER": f"https://cognito-idp.{region}.amazonaws.com/{pool}",
        "COGNITO_JWKS_URL": f"{endpoint}/{pool}/.well-known/jwks.json",
        "COGNITO_CLIENT_ID": client,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.resources")
    parser.add_argument("--output", type=Path, required=True)
    output = parser.parse_args().output
    create_bucket(os.environ["MEDIA_BUCKET"])
    create_queues()
    replace_text(output, json.dumps(create_user_pool()))


if __name__ == "__main__":
    main()
