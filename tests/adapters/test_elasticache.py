"""What is said to ElastiCache. The emulator does not keep passwords given in this way."""

from urllib.parse import parse_qs

import pytest

from chalicelib.adapters.elasticache import CacheUsersUnavailable, ElastiCacheUsers
from tests.adapters.aws import aws_at
from tests.adapters.wire import listening, said

ANSWER = b"""
<ModifyUserResponse xmlns="http://elasticache.amazonaws.com/doc/2015-02-02/">
  <ModifyUserResult><UserId>app</UserId></ModifyUserResult>
</ModifyUserResponse>"""


def test_a_user_has_these_passwords_and_no_other() -> None:
    with listening(said(ANSWER)) as wire, aws_at(wire.url):
        ElastiCacheUsers().set_passwords("app", ["new", "old"])
    asked = parse_qs(wire.bodies[0].decode())
    told = {name: value for name, (value,) in asked.items() if name not in ("Action", "Version")}
    assert asked["Action"] == ["ModifyUser"]
    assert told == {
        "UserId": "app",
        "AuthenticationMode.Type": "password",
        "AuthenticationMode.Passwords.member.1": "new",
        "AuthenticationMode.Passwords.member.2": "old",
    }


def test_a_refusal_is_worth_another_try() -> None:
    refused = said(
        b"<ErrorResponse><Error><Code>No</Code></Error></ErrorResponse>", status="400 No"
    )
    with (
        listening(refused) as wire,
        aws_at(wire.url),
        pytest.raises(CacheUsersUnavailable),
    ):
        ElastiCacheUsers().set_passwords("app", ["new"])
