from collections.abc import Sequence
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.core.errors import Unavailable


class CacheUsersUnavailable(Unavailable):
    message = "ElastiCache does not answer, or refuses. Try again shortly."


class ElastiCacheUsers:
    def __init__(self) -> None:
        config = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 2})
        self._client: Any = boto3.Session().client("elasticache", config=config)

    def set_passwords(self, user: str, passwords: Sequence[str]) -> None:
        mode = {"Type": "password", "Passwords": [*passwords]}
        try:
            self._client.modify_user(UserId=user, AuthenticationMode=mode)
        except (BotoCoreError, ClientError) as error:
            raise CacheUsersUnavailable from error
