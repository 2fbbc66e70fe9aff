"""What the stack tells the application: the settings in its environment."""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from dotenv import dotenv_values

from local.home import CHECKOUT, replace_text
from local.ports import HOST

STAGE = "local"
REGION: Final = "eu-north-1"
BUCKET = "persona-media"
WEBHOOK_PORT = 9000
"""Where on this machine a receiver of webhooks may listen."""

# What would lead the application past the settings of this stack.
_FOREIGN_NAMES = {"ENV_FILE", "SECRETS_ID"}
# The real Replicate reaches no address of this machine, and signs with a secret of its own.
_ONLY_HERE = {"PUBLIC_API_URL", "REPLICATE_WEBHOOK_SECRETS"}
_FOREIGN_PREFIXES = ("AWS_", "PG", "OPENAI_", "REPLICATE_")


@dataclass(frozen=True)
class Secrets:
    database_password: str
    superuser_password: str
    aws_secret_key: str
    access_token_key: str
    refresh_token_key: str
    respondent_key: str
    sealing_key: str
    webhook_key: str
    replicate_webhook_key: str

    @property
    def replicate_webhook_secret(self) -> str:
        """Return what the emulated Replicate signs with."""
        return f"whsec_{base64.b64encode(self.replicate_webhook_key.encode()).decode()}"

    card_key: str


def load_secrets(path: Path) -> Secrets:
    """Return the secrets of the stack; whichever is missing is made once and kept."""
    kept = json.loads(path.read_text()) if path.exists() else {}
    values = {each.name: kept.get(each.name) or _new_secret() for each in fields(Secrets)}
    if values != kept:
        replace_text(path, json.dumps(values, indent=2))
    return Secrets(**values)


def backing_settings(ports: Mapping[str, int], known: Secrets) -> dict[str, str]:
    google, vendors = _origin(ports["google"]), _origin(ports["vendors"])
    own = _origin(ports["api"]) if "api" in ports else None
    api = {"API_URL": own, "PUBLIC_API_URL": own} if own else {}
    return {
        **api,
        "DATABASE_URL": _database_url(ports["postgres"], known),
        "DATABASE_REPLICA_URL": _database_url(ports["standby"], known),
        "DATABASE_POOL_SIZE": "16",  # one process serves here what takes many Lambdas
        "REDIS_URL": f"redis://{HOST}:{ports['valkey']}/0",
        "AWS_ENDPOINT_URL": _origin(ports["aws"]),
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": known.aws_secret_key,
        "AWS_DEFAULT_REGION": REGION,
        "MEDIA_BUCKET": BUCKET,
        "GOOGLE_ISSUER": google,
        "GOOGLE_JWKS_URL": f"{google}/oauth2/v3/certs",
        "GOOGLE_CLIENT_ID": "persona-local",
        "ACCESS_TOKEN_KEYS": json.dumps({"local-1": known.access_token_key}),
        "REFRESH_TOKEN_KEY": known.refresh_token_key,
        "RESPONDENT_KEY": known.respondent_key,
        "SEALING_KEY": known.sealing_key,
        "WEBHOOK_KEY": known.webhook_key,
        "WEBHOOK_ORIGINS": json.dumps([f"http://{HOST}:{WEBHOOK_PORT}"]),
        "CARD_KEY": known.card_key,
        "OPENAI_BASE_URL": f"{vendors}/v1",
        "OPENAI_API_KEY": "sk-local",
        "REPLICATE_BASE_URL": vendors,
        "REPLICATE_API_TOKEN": "r8_local",
        "REPLICATE_WEBHOOK_SECRETS": json.dumps([known.replicate_webhook_secret]),
        "IMAGE_SOURCES": json.dumps([vendors]),
        "CORS_ORIGINS": json.dumps(["http://localhost:5173"]),
        "JOB_LEASE_SECONDS": "60",
    }


@dataclass(frozen=True)
class UserSettings:
    """The user's `.env`: it overrides the stack, and a real key brings in the real vendor."""

    values: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "UserSettings":
        found = dotenv_values(path, interpolate=False) if path.exists() else {}
        return cls({name: value for name, value in found.items() if value})

    @property
    def emulates_openai(self) -> bool:
        return not self.values.keys() & {"OPENAI_API_KEY", "OPENAI_BASE_URL"}

    @property
    def emulates_replicate(self) -> bool:
        return not self.values.keys() & {"REPLICATE_API_TOKEN", "REPLICATE_BASE_URL"}

    @property
    def needs_emulator(self) -> bool:
        return self.emulates_openai or self.emulates_replicate

    def over(self, settings: Mapping[str, str]) -> dict[str, str]:
        left_out: set[str] = set()
        if not self.emulates_openai:
            left_out |= {"OPENAI_BASE_URL"}
        if not self.emulates_replicate:
            left_out |= {"REPLICATE_BASE_URL", "IMAGE_SOURCES", *_ONLY_HERE}
        kept = {name: value for name, value in settings.items() if name not in left_out}
        return kept | dict(self.values)

    def vendors(self) -> dict[str, str]:
        """Say of each vendor who answers for it."""
        return {
            "OpenAI": self._vendor("OPENAI_BASE_URL", is_emulated=self.emulates_openai),
            "Replicate": self._vendor("REPLICATE_BASE_URL", is_emulated=self.emulates_replicate),
        }

    def _vendor(self, address: str, *, is_emulated: bool) -> str:
        if is_emulated:
            return "emulated"
        if address in self.values:
            return f"your server at {self.values[address]}"
        return "REAL, with the key in .env: calls cost money"


def chalice_config() -> dict[str, Any]:
    file = CHECKOUT / ".chalice" / "config.json"
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return found


def stage_settings() -> dict[str, str]:
    """Return the variables that Chalice would give to the functions of this stage."""
    config = chalice_config()
    stage = config.get("stages", {}).get(STAGE, {})
    found = config.get("environment_variables", {}) | stage.get("environment_variables", {})
    return {name: value for name, value in found.items() if name not in _FOREIGN_NAMES}


def process_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a Python process of the stack."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_FOREIGN_PREFIXES) and name not in _FOREIGN_NAMES
    }
    direct = ",".join(filter(None, [inherited.get("NO_PROXY"), HOST, "localhost"]))
    return inherited | {
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": direct,
        "no_proxy": direct,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        **settings,
    }


def as_dotenv(settings: Mapping[str, str]) -> str:
    return "".join(f"{name}={_quoted(value)}\n" for name, value in settings.items())


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _database_url(port: int, known: Secrets) -> str:
    return f"postgresql+psycopg2://persona:{known.database_password}@{HOST}:{port}/persona"


def _origin(port: int) -> str:
    return f"http://{HOST}:{port}"


def _new_secret() -> str:
    return secrets.token_urlsafe(32)
