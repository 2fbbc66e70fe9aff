"""Sign-in at Google, through the provider's real code flow."""

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import Identity, User
from local.sign_in import id_token
from local.stack import Stack
from tests.client import Api


def test_a_first_sign_in_makes_an_account(visitor: Api) -> None:
    name = f"Mary Shelley {uuid4().hex[:6]}"
    answer = visitor.log_in(name)
    assert answer.status == 200
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == 900
    assert answer.json["user"]["display_name"] == name
    assert answer.json["user"]["primary_persona_id"] is None


def test_the_access_token_opens_my_account(api: Api) -> None:
    answer = api.get("/auth/me")
    assert (answer.status, answer.json) == (200, api.user)


def test_a_second_sign_in_finds_the_same_account(visitor: Api) -> None:
    name = f"Twice {uuid4().hex[:6]}"
    assert visitor.log_in(name).json["user"] == visitor.log_in(name).json["user"]


def test_fifty_first_sign_ins_at_once_make_one_account(stack: Stack, session: Session) -> None:
    name = f"Racer {uuid4().hex[:6]}"
    proofs = [id_token(stack.env, name) for _ in range(50)]

    def log_in(proof: tuple[str, str]) -> str:
        body = {"token": proof[0], "nonce": proof[1]}
        return str(Api(stack.env).post("/auth/google-login", body).json["user"]["id"])

    with ThreadPoolExecutor(50) as pool:
        ids = set(pool.map(log_in, proofs))
    assert len(ids) == 1
    users = sa.select(sa.func.count()).where(User.display_name == name)
    assert session.scalar(users) == 1


def test_identity_is_the_issuer_and_subject_and_never_the_email(
    stack: Stack, session: Session
) -> None:
    """Somebody at another issuer with the same e-mail address is somebody else."""
    first = Api.signed_in(stack.env)
    identity = session.scalars(
        sa.select(Identity).where(Identity.user_id == first.user["id"])
    ).one()
    session.execute(
        sa.update(Identity).where(Identity.id == identity.id).values(issuer="https://elsewhere")
    )
    second = Api.signed_in(stack.env, first.user["display_name"])
    assert second.user["email"] == first.user["email"]
    assert second.user["id"] != first.user["id"]


def test_an_unverified_email_is_refused(visitor: Api) -> None:
    answer = visitor.log_in("unverified Person")
    assert (answer.status, answer.code) == (403, "email_unverified")


def test_an_id_token_signs_in_once(stack: Stack, visitor: Api) -> None:
    token, nonce = id_token(stack.env, "Once")
    body = {"token": token, "nonce": nonce}
    assert visitor.post("/auth/google-login", body).status == 200
    again = visitor.post("/auth/google-login", body)
    assert (again.status, again.code) == (401, "login_spent")


def test_an_id_token_without_its_nonce_is_worth_nothing(stack: Stack, visitor: Api) -> None:
    token, _ = id_token(stack.env, "Stolen")
    for nonce in (None, "another-nonce"):
        answer = visitor.post("/auth/google-login", {"token": token, "nonce": nonce})
        assert (answer.status, answer.code) == (401, "invalid_token")


def test_a_token_of_ours_is_no_id_token(api: Api) -> None:
    answer = api.post("/auth/google-login", {"token": api.token, "nonce": "12345678"})
    assert (answer.status, answer.code) == (401, "invalid_token")


def test_an_id_token_is_no_access_token(stack: Stack, visitor: Api) -> None:
    visitor.token, _ = id_token(stack.env, "Mixed up")
    assert visitor.get("/auth/me").code == "invalid_token"


def test_a_token_of_a_megabyte_is_refused_at_once(visitor: Api) -> None:
    visitor.token = "a" * 1_000_000
    started = time.monotonic()
    assert visitor.get("/auth/me").code == "invalid_token"
    body = {"token": "a" * 60_000, "nonce": "12345678"}
    assert visitor.post("/auth/google-login", body).code == "invalid_token"
    assert time.monotonic() - started < 5


def test_a_lower_case_scheme_is_understood(api: Api) -> None:
    headers = {"authorization": f"bearer {api.token}"}
    assert Api(api.env).request("GET", "/auth/me", headers=headers).status == 200


def test_other_schemes_are_not(api: Api) -> None:
    for value in (f"Basic {api.token}", str(api.token), "Bearer", "Bearer ", ""):
        answer = Api(api.env).request("GET", "/auth/me", headers={"authorization": value})
        assert answer.status == 401


def test_my_settings_can_be_changed(api: Api) -> None:
    change = {"display_name": "Ada L.", "locale": "fi-FI", "timezone": "Europe/Helsinki"}
    answer = api.patch("/auth/me", change)
    assert (answer.status, answer.json) == (200, api.user | change)
    assert api.get("/auth/me").json == answer.json


def test_what_is_left_out_stays(api: Api) -> None:
    assert api.patch("/auth/me", {}).json == api.user


def test_an_unknown_time_zone_is_refused(api: Api) -> None:
    answer = api.patch("/auth/me", {"timezone": "Mars/Olympus"})
    assert (answer.status, answer.json["errors"][0]["loc"]) == (422, ["timezone"])


def test_what_is_not_mine_to_change_is_refused(api: Api) -> None:
    for field in ("id", "email", "role", "created_at", "picture_url"):
        answer = api.patch("/auth/me", {field: "admin"})
        assert (answer.status, answer.code) == (422, "invalid")


def test_the_primary_persona_is_one_of_my_own(api: Api, stranger: Api) -> None:
    first = api.generate("Ada").json["persona_id"]
    api.generate("Grace")
    answer = api.patch("/auth/me", {"primary_persona_id": first})
    assert answer.json["primary_persona_id"] == first
    refused = stranger.patch("/auth/me", {"primary_persona_id": first})
    assert (refused.status, refused.code) == (404, "unknown_persona")
