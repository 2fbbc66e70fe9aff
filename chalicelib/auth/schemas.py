from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from chalicelib.core.models import Provider, Role
from chalicelib.core.text import AtMost, Line

Token = Annotated[str, StringConstraints(min_length=1)]
Nonce = Annotated[str, StringConstraints(min_length=8, max_length=256)]
DisplayName = Annotated[Line, AtMost(80)]
Locale = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]


NO_PLACES = {"Factory", "localtime"}
"""They stand among the zones of the machine, and name none."""


def _known_timezone(name: str) -> str:
    if name not in available_timezones() - NO_PLACES:
        message = "must be a name of the IANA time zone database, such as Europe/Helsinki"
        raise ValueError(message)
    return name


Timezone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known_timezone)]


class Login(BaseModel):
    """`token` is the ID token from the provider, `nonce` the one that the client asked for it
    with: the two belong together, and serve once."""

    model_config = ConfigDict(extra="forbid")

    token: Token
    provider: Provider = Provider.GOOGLE
    nonce: Nonce | None = None


class Refresh(BaseModel):
    model_config = ConfigDict(extra="forbid")

    refresh_token: Token


class Logout(BaseModel):
    """`everywhere` ends the sessions on all devices, not just this one."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: Token
    everywhere: bool = False


class UserUpdate(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    display_name: DisplayName | None = None
    locale: Locale | None = None
    timezone: Timezone | None = None
    primary_persona_id: UUID | None = None


class UserRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str | None
    display_name: str
    picture_url: str | None
    role: Role
    locale: str
    timezone: str
    primary_persona_id: UUID | None
    created_at: datetime


class TokensRead(BaseModel):
    """`expires_in` is the life of the access token in seconds. The refresh token serves once."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    refresh_token: str
    user: UserRead


class WebhookSecretRead(BaseModel):
    """What your receiver verifies webhooks with (Standard Webhooks). After a rotation they bear two
    signatures, the second by the secret before, until `previous_valid_until`."""

    secret: str
    previous_valid_until: datetime | None
