from functools import cache
from os import environ
from typing import Annotated, Any

from dotenv import load_dotenv
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    PositiveInt,
    PostgresDsn,
    RedisDsn,
    SecretStr,
)
from pydantic_core import from_json
from pydantic_settings import (
    AWSSecretsManagerSettingsSource,
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from chalicelib.core.addresses import origin_of
from chalicelib.core.signatures import key_of


def _parsed(value: Any) -> Any:
    """Read JSON from the environment; a secret in AWS may hold the object itself."""
    return from_json(value) if isinstance(value, str) else value


def _signing_secret(value: SecretStr) -> SecretStr:
    key_of(value.get_secret_value())
    return value


def _origin(value: str) -> str:
    origin_of(value)
    return value


LEAST_TEXTS = 15
LEAST_IMAGES = 3
"""What one generation sets aside: with a lower limit there would never be any."""

Keys = Annotated[dict[str, SecretStr], NoDecode, BeforeValidator(_parsed)]
SigningSecrets = Annotated[
    tuple[Annotated[SecretStr, AfterValidator(_signing_secret)], ...],
    NoDecode,
    BeforeValidator(_parsed),
]
Origins = tuple[Annotated[str, AfterValidator(_origin)], ...]


class Rotation(BaseModel):
    """What `rotation` makes the connections' settings of: addresses with a place for `{role}` and
    `{password}`, and whose passwords these are."""

    database_url: str
    database_replica_url: str
    redis_url: str
    role_secrets: dict[str, str]
    """Secrets of the two roles that the application is in turn, for the proxy."""
    cache_user: str


class Settings(BaseSettings):
    """What differs between a laptop and a stage, read from the environment.

    `ENV_FILE` names a dotenv file that fills the gaps, `SECRETS_ID` JSON secrets in AWS Secrets
    Manager, separated by commas; the environment wins over both, and a secret over those behind it.
    """

    # An error at start-up is logged: it names the setting and leaves the value out.
    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: Annotated[PostgresDsn, Field(repr=False)]
    database_replica_url: Annotated[PostgresDsn | None, Field(repr=False)] = None
    database_pool_size: PositiveInt = 1
    redis_url: Annotated[RedisDsn | None, Field(repr=False)] = None

    media_bucket: str
    generation_queue: str = "generation"
    webhook_queue: str = "webhooks"

    google_issuer: str = "https://accounts.google.com"
    google_jwks_url: str = "https://www.googleapis.com/oauth2/v3/certs"
    google_client_id: str
    cognito_issuer: str | None = None
    cognito_jwks_url: str | None = None
    cognito_client_id: str | None = None
    access_token_keys: Keys
    refresh_token_key: SecretStr
    respondent_key: SecretStr
    sealing_key: SecretStr
    webhook_key: SecretStr
    card_key: SecretStr

    openai_api_key: SecretStr
    openai_text_model: str = "gpt-5.4-mini"
    openai_image_model: str = "gpt-image-2"
    openai_moderation_model: str = "omni-moderation-latest"
    replicate_api_token: SecretStr
    replicate_image_model: str = (
        "prompthero/openjourney:ad59ca21177f9e217b9075e7300cf6e14f7e5b4505b87b9689dbd866e9768969"
    )
    replicate_poll_seconds: float = 0.25
    replicate_webhook_secrets: SigningSecrets = ()
    image_sources: tuple[str, ...] = ("https://replicate.delivery", "https://*.replicate.delivery")

    cors_origins: tuple[str, ...] = ()
    web_url: str = "http://localhost:5173"
    public_api_url: str | None = None
    webhook_origins: Origins = ()

    job_lease_seconds: PositiveInt = 60
    turn_lease_seconds: PositiveInt = 30
    metrics_namespace: str = "PersonaAI"
    rotation: Rotation | None = None

    daily_texts: Annotated[int, Field(ge=LEAST_TEXTS)] = 500
    daily_images: Annotated[int, Field(ge=LEAST_IMAGES)] = 50
    daily_budget_dollars: PositiveInt = 50

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        sources = (init_settings, env_settings, dotenv_settings, file_secret_settings)
        named = filter(None, environ.get("SECRETS_ID", "").split(","))
        secrets = (AWSSecretsManagerSettingsSource(settings_cls, each) for each in named)
        return (*sources, *secrets)


@cache
def settings() -> Settings:
    if env_file := environ.get("ENV_FILE"):
        load_dotenv(env_file, interpolate=False)  # for the vendors' SDKs, too: they read it alone
    return Settings()
