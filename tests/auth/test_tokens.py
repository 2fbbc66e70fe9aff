import subprocess
import sys
from uuid import UUID

import pytest
from pydantic import SecretStr

from chalicelib.auth.exceptions import InvalidToken
from chalicelib.auth.tokens import (
    ACCESS,
    AccessKeys,
    UnusableKey,
    google_id_token,
    rsa_key,
    sign_access_token,
    verify,
)
from chalicelib.core.errors import Unauthenticated, Unavailable
from tests.auth.forge import (
    CLIENT,
    COGNITO_ACCESS,
    COGNITO_ID,
    GOOGLE,
    KID,
    KINDS,
    NOW,
    OWN,
    PROVIDER_KEY,
    SECRET,
    Kind,
    finder,
    hs256,
    jwk_of,
    public_key,
    to_json,
)

USER = UUID("019a0000-0000-7000-8000-00000000000a")
SESSION = UUID("019a0000-0000-7000-8000-00000000000b")
LONG = "an-older-secret-of-more-than-thirty-two-bytes"

kinds = pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])


def _accepts(kind: Kind, token: str, *, now: int = NOW) -> bool:
    try:
        verify(token, kind.profile, kind.keys, now=now)
    except InvalidToken:
        return False
    return True


def test_an_invalid_token_is_a_matter_of_signing_in_again() -> None:
    refusal = InvalidToken("signature")
    assert isinstance(refusal, Unauthenticated)
    assert str(refusal) == "The token is not valid. Sign in again."
    assert refusal.reason == "signature"


@kinds
def test_a_token_passes_until_it_expires(kind: Kind) -> None:
    token = kind.with_claims(iat=NOW - 100, exp=NOW)
    leeway = 0 if kind is OWN else 60
    assert _accepts(kind, token, now=NOW + leeway - 1)
    assert not _accepts(kind, token, now=NOW + leeway)


@kinds
def test_a_clock_may_be_a_minute_fast(kind: Kind) -> None:
    assert _accepts(kind, kind.with_claims(iat=NOW + 60, nbf=NOW + 60))


@pytest.mark.parametrize("kind", [GOOGLE, COGNITO_ID], ids=["google", "cognito"])
def test_an_id_token_serves_for_ten_minutes(kind: Kind) -> None:
    assert _accepts(kind, kind.with_claims(iat=NOW - 600))
    assert not _accepts(kind, kind.with_claims(iat=NOW - 601))


def test_google_writes_its_issuer_in_two_ways() -> None:
    assert _accepts(GOOGLE, GOOGLE.with_claims(iss="accounts.google.com"))


def test_another_issuer_in_googles_place_has_one_name() -> None:
    profile = google_id_token("http://127.0.0.1:24020", client_id=CLIENT)
    assert profile.issuers == {"http://127.0.0.1:24020"}


@pytest.mark.parametrize("typ", ["JWT", "jwt", "Jwt", ...], ids=str)
def test_a_provider_may_write_the_type_in_any_case_or_not_at_all(typ: object) -> None:
    assert _accepts(GOOGLE, GOOGLE.with_header(typ=typ))


def test_a_token_for_several_clients_may_be_issued_to_us() -> None:
    assert _accepts(GOOGLE, GOOGLE.with_claims(aud=["other", CLIENT], azp=CLIENT))


def test_addresses_of_keys_in_the_header_are_ignored() -> None:
    token = GOOGLE.with_header(jku="https://evil.example/jwks", x5u="https://evil.example/x5")
    assert _accepts(GOOGLE, token)


@kinds
def test_a_token_may_have_8192_characters(kind: Kind) -> None:
    size = next(n for n in range(6100, 0, -1) if len(kind.with_claims(x="x" * n)) <= 8192)
    assert _accepts(kind, kind.with_claims(x="x" * size))


def test_a_subject_may_have_255_characters() -> None:
    assert _accepts(GOOGLE, GOOGLE.with_claims(sub="x" * 255))


def test_a_key_of_another_algorithm_is_not_used() -> None:
    secret = SECRET.encode()
    token = GOOGLE.raw(header=to_json({"alg": "RS256", "kid": KID}), sign=hs256(secret))
    with pytest.raises(InvalidToken, match="not valid") as refusal:
        verify(token, GOOGLE.profile, OWN.keys, now=NOW)
    assert refusal.value.reason == "key"


def test_a_key_may_have_a_name_of_128_characters() -> None:
    name = "k" * 128
    keys = AccessKeys({name: SecretStr(SECRET)})
    assert verify(OWN.with_header(kid=name), ACCESS, keys.find, now=NOW)


@pytest.mark.parametrize("kid", ["k" * 129, ""])
def test_a_key_of_unusable_name_is_not_even_asked_for(kid: str) -> None:
    key = public_key(PROVIDER_KEY)
    with pytest.raises(InvalidToken):
        verify(GOOGLE.with_header(kid=kid), GOOGLE.profile, lambda _: key, now=NOW)


def test_keys_that_cannot_be_looked_up_are_no_fault_of_the_token() -> None:
    def find(_: str) -> None:
        raise Unavailable

    with pytest.raises(Unavailable):
        verify(GOOGLE.token, GOOGLE.profile, find, now=NOW)


def test_a_cognito_access_token_is_refused_at_login() -> None:
    token = COGNITO_ACCESS.with_claims(aud=CLIENT)
    with pytest.raises(InvalidToken):
        verify(token, COGNITO_ID.profile, COGNITO_ID.keys, now=NOW)


def test_a_token_of_our_own_is_accepted_with_its_claims() -> None:
    keys = AccessKeys({"new": SecretStr(SECRET)})
    token = sign_access_token(keys, user_id=USER, session_id=SESSION, now=NOW)
    claims = dict(verify(token, ACCESS, keys.find, now=NOW))
    assert len(claims.pop("jti")) >= 20
    assert claims == {
        "iss": "persona-ai",
        "aud": "persona-ai-api",
        "sub": str(USER),
        "sid": str(SESSION),
        "iat": NOW,
        "exp": NOW + 900,
    }


def test_two_tokens_of_one_second_differ() -> None:
    keys = AccessKeys({"new": SecretStr(SECRET)})
    first, second = (
        sign_access_token(keys, user_id=USER, session_id=SESSION, now=NOW) for _ in range(2)
    )
    assert first != second


def test_the_first_key_signs_and_all_of_them_verify() -> None:
    before = AccessKeys({"old": SecretStr(LONG)})
    during = AccessKeys({"new": SecretStr(SECRET), "old": SecretStr(LONG)})
    after = AccessKeys({"new": SecretStr(SECRET)})
    old = sign_access_token(before, user_id=USER, session_id=SESSION, now=NOW)
    new = sign_access_token(during, user_id=USER, session_id=SESSION, now=NOW)
    assert verify(old, ACCESS, during.find, now=NOW)
    assert verify(new, ACCESS, after.find, now=NOW)
    with pytest.raises(InvalidToken):
        verify(old, ACCESS, after.find, now=NOW)


@pytest.mark.parametrize(
    ("secrets", "reason"),
    [
        ({}, "no signing key"),
        ({"k": "x" * 31}, "'k' is shorter than 32 bytes"),
        ({"good": SECRET, "k": ""}, "'k' is shorter than 32 bytes"),
        ({"": SECRET}, "1 to 128 characters"),
        ({"k" * 129: SECRET}, "1 to 128 characters"),
        ({"k": "-----BEGIN PUBLIC KEY-----\n" + "x" * 40}, "'k' is not a random secret"),
        ({"k": "ssh-rsa " + "x" * 40}, "'k' is not a random secret"),
    ],
)
def test_a_weak_signing_key_is_refused(secrets: dict[str, str], reason: str) -> None:
    with pytest.raises(UnusableKey, match=reason) as refusal:
        AccessKeys({kid: SecretStr(secret) for kid, secret in secrets.items()})
    assert not any(secret in str(refusal.value) for secret in secrets.values() if secret)


def test_a_secret_of_32_bytes_is_enough() -> None:
    assert AccessKeys({"k": SecretStr("x" * 32)}).current.kid == "k"


def test_a_key_does_not_show_its_material() -> None:
    assert repr(AccessKeys({"k": SecretStr(SECRET)}).current) == "Key(kid='k', algorithm='HS256')"


@pytest.mark.parametrize(
    ("modulus", "exponent"),
    [
        ("", "AQAB"),
        ("AQAB", "AQAB"),
        ("_" * 170, "AQAB"),
        ("_" * 1400, "AQAB"),
        ("é", "AQAB"),
        (jwk_of(PROVIDER_KEY)["n"], ""),
        (jwk_of(PROVIDER_KEY)["n"], "AQ"),
        (jwk_of(PROVIDER_KEY)["n"], "é"),
        ("A" + jwk_of(PROVIDER_KEY)["n"][:-1], "AQAA"),
    ],
)
def test_an_unusable_rsa_key_is_refused(modulus: str, exponent: str) -> None:
    with pytest.raises(UnusableKey):
        rsa_key("k", modulus=modulus, exponent=exponent)


def test_a_key_that_is_looked_up_belongs_to_its_name() -> None:
    find = finder(public_key(PROVIDER_KEY, "a"))
    with pytest.raises(InvalidToken):
        verify(GOOGLE.with_header(kid="b"), GOOGLE.profile, find, now=NOW)


def test_importing_costs_no_cryptography() -> None:
    program = "import sys, chalicelib.auth.tokens; sys.exit('jose.backends' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0  # noqa: S603
