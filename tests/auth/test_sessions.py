"""Refresh tokens rotate; a stolen one ends the session."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.auth import services
from chalicelib.core.models import RefreshToken, SpentLogin
from chalicelib.workers.sweeper import sweep
from tests.client import Answer, Api


def refresh(api: Api, token: str) -> Answer:
    return api.post("/auth/refresh", {"refresh_token": token})


def rotate(api: Api, token: str) -> str:
    answer = refresh(api, token)
    assert answer.status == 200, answer
    return str(answer.json["refresh_token"])


def age(session: Session, api: Api, by: timedelta) -> None:
    """Make everything about the user's sessions older."""
    mine = RefreshToken.user_id == api.user["id"]
    session.execute(
        sa.update(RefreshToken)
        .where(mine)
        .values(
            used_at=RefreshToken.used_at - by,
            expires_at=RefreshToken.expires_at - by,
            family_expires_at=RefreshToken.family_expires_at - by,
        )
    )


def test_a_refresh_token_buys_a_new_pair(api: Api) -> None:
    answer = refresh(api, api.tokens["refresh_token"])
    assert answer.status == 200
    assert answer.json["refresh_token"] != api.tokens["refresh_token"]
    assert answer.json["user"] == api.user
    api.token = answer.json["access_token"]
    assert api.get("/auth/me").status == 200


def test_a_lost_answer_can_be_asked_for_again(api: Api) -> None:
    first = api.tokens["refresh_token"]
    assert rotate(api, first) == rotate(api, first)


def test_fifty_refreshes_at_once_make_one_successor(api: Api, session: Session) -> None:
    first = api.tokens["refresh_token"]
    with ThreadPoolExecutor(50) as pool:
        successors = set(pool.map(lambda _: rotate(Api(api.env), first), range(50)))
    assert len(successors) == 1
    mine = sa.select(sa.func.count()).where(RefreshToken.user_id == api.user["id"])
    assert session.scalar(mine) == 2


def test_after_the_grace_a_spent_token_ends_the_session(api: Api, session: Session) -> None:
    first = api.tokens["refresh_token"]
    second = rotate(api, first)
    age(session, api, services.REFRESH_GRACE + timedelta(seconds=1))
    stolen = refresh(api, first)
    assert (stolen.status, stolen.code) == (401, "refresh_reused")
    assert refresh(api, second).code == "refresh_refused"


def test_a_token_whose_successor_was_used_ends_the_session(api: Api) -> None:
    first = api.tokens["refresh_token"]
    second = rotate(api, first)
    third = rotate(api, second)
    assert refresh(api, first).code == "refresh_reused"
    assert refresh(api, third).code == "refresh_refused"


def test_another_session_of_the_same_person_lives_on(api: Api) -> None:
    other = Api.signed_in(api.env, api.user["display_name"])
    first = api.tokens["refresh_token"]
    rotate(api, rotate(api, first))
    assert refresh(api, first).code == "refresh_reused"
    assert refresh(other, other.tokens["refresh_token"]).status == 200


def test_an_idle_session_ends(api: Api, session: Session) -> None:
    age(session, api, services.REFRESH_IDLE)
    assert refresh(api, api.tokens["refresh_token"]).code == "refresh_refused"


def test_no_session_outlives_its_absolute_end(api: Api, session: Session) -> None:
    age(session, api, services.REFRESH_LIFE - services.REFRESH_IDLE)
    session.execute(
        sa.update(RefreshToken)
        .where(RefreshToken.user_id == api.user["id"])
        .values(expires_at=RefreshToken.family_expires_at)
    )
    rotate(api, api.tokens["refresh_token"])
    ends = session.execute(
        sa.select(RefreshToken.expires_at, RefreshToken.family_expires_at).where(
            RefreshToken.user_id == api.user["id"]
        )
    ).all()
    assert all(row.expires_at <= row.family_expires_at for row in ends)


@pytest.mark.parametrize("token", ["unknown", "a" * 60_000, "\0", "😀"])
def test_an_unknown_token_is_refused(visitor: Api, token: str) -> None:
    assert refresh(visitor, token).code == "refresh_refused"


def test_an_access_token_is_no_refresh_token(api: Api) -> None:
    assert refresh(api, str(api.token)).code == "refresh_refused"


def test_signing_out_ends_this_session(api: Api) -> None:
    other = Api.signed_in(api.env, api.user["display_name"])
    mine = {"refresh_token": api.tokens["refresh_token"]}
    assert api.post("/auth/logout", mine).status == 204
    assert refresh(api, mine["refresh_token"]).code == "refresh_refused"
    assert refresh(other, other.tokens["refresh_token"]).status == 200


def test_signing_out_everywhere_ends_them_all(api: Api) -> None:
    other = Api.signed_in(api.env, api.user["display_name"])
    body = {"refresh_token": api.tokens["refresh_token"], "everywhere": True}
    assert api.post("/auth/logout", body).status == 204
    assert refresh(other, other.tokens["refresh_token"]).code == "refresh_refused"


def test_nobody_signs_another_person_out(api: Api, stranger: Api) -> None:
    theirs = {"refresh_token": api.tokens["refresh_token"]}
    assert stranger.post("/auth/logout", theirs).status == 204
    assert refresh(api, api.tokens["refresh_token"]).status == 200


def test_only_hashes_are_stored(api: Api, session: Session) -> None:
    token = api.tokens["refresh_token"].encode()
    stored = session.scalars(sa.select(RefreshToken.token_hash)).all()
    assert token not in stored
    assert all(len(each) == 32 for each in stored)


def test_what_has_expired_is_forgotten(api: Api, session: Session) -> None:
    age(session, api, services.REFRESH_LIFE)
    session.execute(sa.update(SpentLogin).values(expires_at=sa.func.now() - timedelta(seconds=1)))
    sweep()
    mine = sa.select(sa.func.count()).where(RefreshToken.user_id == api.user["id"])
    assert session.scalar(mine) == 0
    assert session.scalar(sa.select(sa.func.count()).select_from(SpentLogin)) == 0
