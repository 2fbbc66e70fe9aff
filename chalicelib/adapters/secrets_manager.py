import json
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.core.errors import Unavailable

IN_FORCE = "AWSCURRENT"
PROPOSED = "AWSPENDING"


class VaultUnavailable(Unavailable):
    message = "Secrets Manager does not answer, or refuses. Try again shortly."


class SecretsManager:
    def __init__(self) -> None:
        config = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 2})
        self._client: Any = boto3.Session().client("secretsmanager", config=config)

    def read(self, secret: str) -> dict[str, Any]:
        return self._parsed(self._call("get_secret_value", SecretId=secret))

    def proposed(self, secret: str, *, version: str) -> dict[str, Any] | None:
        try:
            found = self._client.get_secret_value(
                SecretId=secret, VersionId=version, VersionStage=PROPOSED
            )
        except self._client.exceptions.ResourceNotFoundException:
            return None
        except (BotoCoreError, ClientError) as error:
            raise VaultUnavailable from error
        return self._parsed(found)

    def propose(self, secret: str, content: Mapping[str, Any], *, version: str) -> None:
        self._call(
            "put_secret_value",
            SecretId=secret,
            ClientRequestToken=version,
            SecretString=json.dumps(content),
            VersionStages=[PROPOSED],
        )

    def adopt(self, secret: str, *, version: str) -> None:
        stages = self._call("describe_secret", SecretId=secret)["VersionIdsToStages"]
        (before,) = (each for each, names in stages.items() if IN_FORCE in names)
        if before != version:
            self._call(
                "update_secret_version_stage",
                SecretId=secret,
                VersionStage=IN_FORCE,
                MoveToVersionId=version,
                RemoveFromVersionId=before,
            )

    def write(self, secret: str, content: Mapping[str, Any]) -> None:
        self._call("put_secret_value", SecretId=secret, SecretString=json.dumps(content))

    def _call(self, operation: str, **arguments: Any) -> Any:
        try:
            return getattr(self._client, operation)(**arguments)
        except (BotoCoreError, ClientError) as error:
            raise VaultUnavailable from error

    def _parsed(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(answer["SecretString"])
        return content
