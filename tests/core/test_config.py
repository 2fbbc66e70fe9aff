"""Where the settings come from, and what is never said about them."""

import json
import os
import traceback
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from pydantic import ValidationError

from chalicelib.core import config
from chalicelib.core.config import Settings
from local.stack import Stack

SECRETS = {
    "database_url": "postgresql+psycopg2://persona:hush-database@127.0.0.1:1/persona",
    "database_replica_url": "postgresql+psycopg2://persona:hush-replica@127.0.0.1:1/persona",
    "access_token_keys": json.dumps({"2026-11": "hush-access-" + "x" * 32}),
    "refresh_token_key": "hush-refresh-" + "x" * 32,
    "respondent_key": "hush-respondent-" + "x" * 32,
    "sealing_key": "hush-sealing-" + "x" * 32,
    "webhook_key": "hush-webhook-" + "x" * 32,
    "card_key": "hush-card-" + "x" * 32,
    "openai_api_key": "sk-hush-openai",
    "replicate_api_token": "r8_hush-replicate",
}
PLAIN = {"media_bucket": "media", "google_client_id": "client"}
COMPLETE = SECRETS | PLAIN
REQUIRED = sorted(name for name, field in Settings.model_fields.items() if field.is_required())

OWN = os.environ
"""Chalice's test client swaps it for a copy, and leaves one behind when threads use it at once."""

Environment = MutableMapping[str, str]
read: Callable[[], Settings] = config.settings.__wrapped__
"""The settings as they are now: the application reads them once."""


@pytest.fixture
def environment() -> Iterator[Environment]:
    """An environment of its own, with all that has to be set."""
    before = dict(os.environ)
    os.environ = OWN  # noqa: B003
    os.environ.clear()
    os.environ.update({name.upper(): value for name, value in COMPLETE.items()})
    yield os.environ
    os.environ.clear()
    os.environ.update(before)


def told(error: BaseException) -> str:
    """Everything that a log would show of it."""
    return "".join(traceback.format_exception(error))


def test_the_environment_is_enough(environment: Environment) -> None:
    settings = read()
    assert settings.media_bucket == "media"
    assert settings.refresh_token_key.get_secret_value() == SECRETS["refresh_token_key"]
    assert list(settings.access_token_keys) == ["2026-11"]
    assert settings.job_lease_seconds == 60


def test_the_settings_do_not_change(environment: Environment) -> None:
    settings = read()
    with pytest.raises(ValidationError):
        settings.media_bucket = "another"  # type: ignore[misc]
    assert settings.media_bucket == "media"


def test_what_differs_from_stage_to_stage_has_no_default() -> None:
    assert set(REQUIRED) == set(COMPLETE) - {"database_replica_url"}


@pytest.mark.parametrize("name", REQUIRED)
def test_what_is_missing_is_named_and_nothing_else_is_told(
    environment: Environment, name: str
) -> None:
    del environment[name.upper()]
    with pytest.raises(ValidationError) as caught:
        read()
    assert [error["loc"] for error in caught.value.errors()] == [(name,)]
    assert name in str(caught.value)
    assert "hush" not in told(caught.value)


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("DATABASE_URL", "mysql://persona:hush@127.0.0.1/persona"),
        ("DATABASE_URL", "hush"),
        ("DATABASE_REPLICA_URL", "hush"),
        ("DATABASE_POOL_SIZE", "hush"),
        ("DATABASE_POOL_SIZE", "0"),
        ("ACCESS_TOKEN_KEYS", "hush"),
        ("ACCESS_TOKEN_KEYS", '"hush"'),
        ("ACCESS_TOKEN_KEYS", '{"one": ["hush"]}'),
        ("IMAGE_SOURCES", "https://hush.example"),
        ("REPLICATE_POLL_SECONDS", "hush"),
        ("JOB_LEASE_SECONDS", "-1"),
        ("WEBHOOK_ORIGINS", '["hush"]'),
        ("REPLICATE_WEBHOOK_SECRETS", "hush"),
        ("REPLICATE_WEBHOOK_SECRETS", '["whsec_hush!"]'),
    ],
)
def test_what_is_wrong_is_named_and_not_repeated(
    environment: Environment, name: str, bad: str
) -> None:
    environment[name] = bad
    with pytest.raises(ValueError, match=name.lower()) as caught:
        read()
    assert "hush" not in told(caught.value)


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{!r}".format, ascii])
def test_no_secret_is_shown(environment: Environment, show: Callable[[object], str]) -> None:
    settings = read()
    assert "hush" not in show(settings)
    assert "hush" not in show(settings.model_copy())
    assert "media" in show(settings)


def test_a_file_fills_the_gaps_and_the_environment_wins(
    environment: Environment, tmp_path: Path
) -> None:
    del environment["MEDIA_BUCKET"]
    file = tmp_path / "stack.env"
    file.write_text("MEDIA_BUCKET='from the file'\nGOOGLE_CLIENT_ID='from the file'\nOTHER='x'\n")
    environment["ENV_FILE"] = str(file)
    settings = read()
    assert settings.media_bucket == "from the file"
    assert settings.google_client_id == "client"


def test_a_file_is_taken_as_it_is(environment: Environment, tmp_path: Path) -> None:
    del environment["REFRESH_TOKEN_KEY"]
    file = tmp_path / "stack.env"
    file.write_text("REFRESH_TOKEN_KEY='a$b${HOME}#c d'\n")
    environment["ENV_FILE"] = str(file)
    assert read().refresh_token_key.get_secret_value() == "a$b${HOME}#c d"


def test_the_vendors_sdks_find_the_file_too(environment: Environment, tmp_path: Path) -> None:
    """They read the environment by themselves."""
    file = tmp_path / "stack.env"
    file.write_text("OPENAI_BASE_URL='http://127.0.0.1:1/v1'\n")
    environment["ENV_FILE"] = str(file)
    read()
    assert environment["OPENAI_BASE_URL"] == "http://127.0.0.1:1/v1"


def test_a_file_that_is_not_there_fills_nothing(environment: Environment, tmp_path: Path) -> None:
    del environment["MEDIA_BUCKET"]
    environment["ENV_FILE"] = str(tmp_path / "nothing.env")
    with pytest.raises(ValidationError, match="media_bucket"):
        read()


@pytest.fixture
def keep_secret(stack: Stack, environment: Environment) -> Iterator[Callable[[object], str]]:
    """Put a secret into Secrets Manager; return its id."""
    environment.update({name: value for name, value in stack.env.items() if "AWS" in name})
    manager = boto3.client("secretsmanager")
    kept: list[str] = []

    def keep(content: object) -> str:
        name = f"test/{uuid4()}"
        manager.create_secret(Name=name, SecretString=json.dumps(content))
        kept.append(name)
        return name

    yield keep
    for name in kept:
        manager.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def forget_secrets(environment: Environment) -> None:
    for name in SECRETS:
        del environment[name.upper()]


def test_a_secret_in_aws_fills_the_gaps(
    environment: Environment, keep_secret: Callable[[object], str]
) -> None:
    forget_secrets(environment)
    environment["SECRETS_ID"] = keep_secret(SECRETS)
    settings = read()
    for name in ("refresh_token_key", "openai_api_key", "replicate_api_token"):
        assert getattr(settings, name).get_secret_value() == SECRETS[name]
    assert str(settings.database_url) == SECRETS["database_url"]
    assert settings.access_token_keys["2026-11"].get_secret_value().startswith("hush-access-")
    assert settings.media_bucket == "media"
    assert "hush" not in repr(settings)


def test_keys_may_be_an_object_in_the_secret(
    environment: Environment, keep_secret: Callable[[object], str]
) -> None:
    """As Terraform's `jsonencode` would write them."""
    forget_secrets(environment)
    keys = {"new": "n" * 32, "old": "o" * 32}
    environment["SECRETS_ID"] = keep_secret(SECRETS | {"access_token_keys": keys})
    found = read().access_token_keys
    assert [(kid, key.get_secret_value()) for kid, key in found.items()] == list(keys.items())


def test_the_environment_wins_over_the_secret(
    environment: Environment, keep_secret: Callable[[object], str]
) -> None:
    environment["SECRETS_ID"] = keep_secret(
        {"media_bucket": "secret", "generation_queue": "secret"}
    )
    settings = read()
    assert (settings.media_bucket, settings.generation_queue) == ("media", "secret")


def test_what_the_secret_lacks_is_named_and_nothing_else_is_told(
    environment: Environment, keep_secret: Callable[[object], str]
) -> None:
    forget_secrets(environment)
    rest = {name: value for name, value in SECRETS.items() if name != "openai_api_key"}
    environment["SECRETS_ID"] = keep_secret(rest)
    with pytest.raises(ValidationError, match="openai_api_key") as caught:
        read()
    assert "hush" not in told(caught.value)


def test_without_an_id_aws_is_not_asked(environment: Environment) -> None:
    environment["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"
    assert read().media_bucket == "media"


def test_of_two_secrets_the_first_wins(
    environment: Environment, keep_secret: Callable[[object], str]
) -> None:
    """As laying out the database takes its owner's address, and all else from the settings."""
    forget_secrets(environment)
    owner = "postgresql+psycopg2://owner@database/persona"
    ids = keep_secret({"database_url": owner}), keep_secret(SECRETS)
    environment["SECRETS_ID"] = ",".join(ids)
    settings = read()
    assert str(settings.database_url) == owner
    assert settings.openai_api_key.get_secret_value() == SECRETS["openai_api_key"]
