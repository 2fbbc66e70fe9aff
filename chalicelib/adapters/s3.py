from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.core.errors import Unavailable
from chalicelib.core.ports import (
    ObjectExists,
    ObjectMissing,
    ObjectTooLarge,
    SignedUpload,
    SignedUrl,
)

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import DeleteTypeDef, GetObjectOutputTypeDef

SIGNED_FOR = timedelta(seconds=60)
UPLOAD_FOR = timedelta(minutes=5)
UPLOADED = "application/octet-stream"


class StoreUnavailable(Unavailable):
    message = "The image store does not answer. Try again shortly."


class S3Objects:
    """One bucket. Addressing is by path: one host name serves the API and the browser alike."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    @cached_property
    def _client(self) -> "S3Client":
        # 180 ms that the first poll of a cold function need not pay while there is no image.
        import boto3  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415

        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            connect_timeout=3,
            read_timeout=20,
            retries={"total_max_attempts": 2},
        )
        # A session of its own: the default one does not bear two threads.
        client: S3Client = boto3.Session().client("s3", config=config)
        return client

    def put_new(self, key: str, content: bytes, *, mime: str, filename: str | None = None) -> None:
        shown = f'attachment; filename="{filename}"' if filename else "inline"
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=content,
                ContentType=mime,
                ContentDisposition=shown,
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in {"PreconditionFailed", "412"}:
                raise ObjectExists from error
            raise StoreUnavailable from error
        except BotoCoreError as error:
            raise StoreUnavailable from error

    def read(self, key: str) -> bytes:
        with self._opened(key) as found:
            return bytes(found["Body"].read())

    def read_small(self, key: str, *, max_bytes: int) -> bytes:
        with self._opened(key) as found:
            if found["ContentLength"] > max_bytes:
                found["Body"].close()
                raise ObjectTooLarge
            return bytes(found["Body"].read())

    def sign(self, key: str) -> SignedUrl:
        url = self._client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._bucket, "Key": key},
            ExpiresIn=int(SIGNED_FOR.total_seconds()),
        )
        return SignedUrl(url, datetime.now(UTC) + SIGNED_FOR)

    def delete(self, keys: Sequence[str]) -> None:
        wanted: DeleteTypeDef = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
        try:
            answer = self._client.delete_objects(Bucket=self._bucket, Delete=wanted)
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailable from error
        if answer.get("Errors"):
            raise StoreUnavailable

    def sign_upload(self, key: str, *, max_bytes: int) -> SignedUpload:
        # The type is ours to say: whatever is sent, no browser will ever show it as a page.
        form = self._client.generate_presigned_post(
            self._bucket,
            key,
            Fields={"Content-Type": UPLOADED},
            Conditions=[{"Content-Type": UPLOADED}, ["content-length-range", 1, max_bytes]],
            ExpiresIn=int(UPLOAD_FOR.total_seconds()),
        )
        return SignedUpload(form["url"], form["fields"], int(UPLOAD_FOR.total_seconds()))

    @contextmanager
    def _opened(self, key: str) -> "Iterator[GetObjectOutputTypeDef]":
        try:
            yield self._client.get_object(Bucket=self._bucket, Key=key)
        except self._client.exceptions.NoSuchKey as error:
            raise ObjectMissing from error
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailable from error
