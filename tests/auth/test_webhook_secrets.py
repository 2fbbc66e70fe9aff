"""The secret that a user's webhooks are signed with."""

import base64
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.auth.webhook_secrets import get_webhook_keys
from chalicelib.core.models import User
from chalicelib.core.signatures import shown
from tests.client import Api
from tests.receiver import settings_with

PATH = "/auth/me/webhook-secret"


def signing(session: Session, api: Api) -> list[str]:
    keys = get_webhook_keys(session, user_id=UUID(api.user["id"]))
    return [shown(key) for key in keys.signing]


def test_the_secret_stays_the_same_and_is_a_long_one(api: Api) -> None:
    answer = api.get(PATH)
    assert answer.json == api.get(PATH).json
    assert answer.json["previous_valid_until"] is None
    assert answer.headers["Cache-Control"] == "no-store"
    assert len(base64.b64decode(answer.json["secret"].removeprefix("whsec_"))) == 32


def test_no_two_users_share_it(api: Api, stranger: Api) -> None:
    assert api.get(PATH).json["secret"] != stranger.get(PATH).json["secret"]


def test_another_key_of_ours_makes_other_secrets(api: Api) -> None:
    before = api.get(PATH).json["secret"]
    with settings_with(WEBHOOK_KEY="another"):
        assert api.get(PATH).json["secret"] != before
    assert api.get(PATH).json["secret"] == before


def test_a_rotation_touches_nobody_else(api: Api, stranger: Api) -> None:
    before = stranger.get(PATH).json
    api.post(f"{PATH}/rotate")
    assert stranger.get(PATH).json == before


def test_after_a_day_the_secret_before_signs_no_more(api: Api, session: Session) -> None:
    old = api.get(PATH).json["secret"]
    new = api.post(f"{PATH}/rotate").json["secret"]
    assert signing(session, api) == [new, old]
    yesterday = sa.func.now() - timedelta(hours=24)
    session.execute(
        sa.update(User)
        .where(User.id == UUID(api.user["id"]))
        .values(webhook_secret_rotated_at=yesterday)
    )
    assert signing(session, api) == [new]
    assert api.get(PATH).json == {"secret": new, "previous_valid_until": None}


def test_whoever_rotates_twice_is_rid_of_the_first_at_once(api: Api, session: Session) -> None:
    first = api.get(PATH).json["secret"]
    second = api.post(f"{PATH}/rotate").json["secret"]
    third = api.post(f"{PATH}/rotate").json["secret"]
    assert signing(session, api) == [third, second]
    assert len({first, second, third}) == 3


def test_the_database_holds_no_secret(api: Api, session: Session) -> None:
    secret = api.get(PATH).json["secret"].removeprefix("whsec_")
    row = session.execute(
        sa.text("SELECT users::text FROM users WHERE id = :id"), {"id": api.user["id"]}
    ).scalar_one()
    assert secret not in row
    assert base64.b64decode(secret).hex() not in row
