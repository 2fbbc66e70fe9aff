"""AWS, wherever a test wants it to be: botocore reads its address from the environment."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from moto import mock_aws

KEYS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "eu-north-1",
}


@contextmanager
def aws_at(url: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**KEYS, "AWS_ENDPOINT_URL": url}.items():
            patch.setenv(name, value)
        yield


@contextmanager
def aws_in_process() -> Iterator[None]:
    """AWS as moto plays it, apart from the running stack."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        for name, value in KEYS.items():
            patch.setenv(name, value)
        with mock_aws():
            yield
