import time

from sqlalchemy.orm import Session

from chalicelib.auth import services
from chalicelib.auth.guards import access_keys, signed_in
from chalicelib.auth.logins import verify_login
from chalicelib.auth.schemas import (
    Login,
    Logout,
    Refresh,
    TokensRead,
    UserRead,
    UserUpdate,
    WebhookSecretRead,
)
from chalicelib.auth.tokens import ACCESS_TOKEN_SECONDS, sign_access_token
from chalicelib.auth.webhook_secrets import (
    WebhookKeys,
    get_webhook_keys,
    rotate_webhook_keys,
)
from chalicelib.core.http import Caller, Routes, anyone
from chalicelib.core.ports import Ports
from chalicelib.core.signatures import shown

routes = Routes(__name__, guard=signed_in)


@routes.post("/auth/google-login", status=200, guard=anyone)
def log_in(session: Session, ports: Ports, body: Login) -> TokensRead:
    """Exchange an ID token of Google, or of Cognito, for tokens of ours."""
    person = verify_login(ports.issuer_keys, body)
    return _tokens(services.sign_in(session, person=person))


@routes.post("/auth/refresh", status=200, guard=anyone)
def refresh_tokens(session: Session, body: Refresh) -> TokensRead:
    return _tokens(services.refresh(session, token=body.refresh_token))


@routes.post("/auth/logout", status=204)
def log_out(session: Session, caller: Caller, body: Logout) -> None:
    """End this session, or all of them. An access token lives on for its 15 minutes at most."""
    services.sign_out(
        session, user_id=caller.user_id, token=body.refresh_token, everywhere=body.everywhere
    )


@routes.get("/auth/me")
def get_me(session: Session, caller: Caller) -> UserRead:
    return UserRead.model_validate(services.get_user(session, user_id=caller.user_id))


@routes.patch("/auth/me")
def update_me(session: Session, caller: Caller, ports: Ports, body: UserUpdate) -> UserRead:
    user = services.update_user(session, ports.cache, user_id=caller.user_id, data=body)
    return UserRead.model_validate(user)


@routes.get("/auth/me/webhook-secret")
def get_webhook_secret(session: Session, caller: Caller) -> WebhookSecretRead:
    return _secret(get_webhook_keys(session, user_id=caller.user_id))


@routes.post("/auth/me/webhook-secret/rotate", status=200)
def rotate_webhook_secret(session: Session, caller: Caller) -> WebhookSecretRead:
    """Replace the secret. The one before it goes on to sign for a day, beside the new one; rotate
    twice to be rid of a secret at once."""
    return _secret(rotate_webhook_keys(session, user_id=caller.user_id))


def _secret(keys: WebhookKeys) -> WebhookSecretRead:
    return WebhookSecretRead(secret=shown(keys.current), previous_valid_until=keys.previous_until)


def _tokens(grant: services.Grant) -> TokensRead:
    return TokensRead(
        access_token=sign_access_token(
            access_keys(),
            user_id=grant.user.id,
            session_id=grant.session_id,
            now=int(time.time()),
        ),
        token_type="Bearer",  # noqa: S106 - a scheme, no secret
        expires_in=ACCESS_TOKEN_SECONDS,
        refresh_token=grant.refresh_token,
        user=UserRead.model_validate(grant.user),
    )
