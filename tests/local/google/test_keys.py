from pathlib import Path

import pytest

from local.google.keys import KeyRing, UnreadableKey


def _kids(ring: KeyRing) -> list[str]:
    return [key["kid"] for key in ring.jwks()["keys"]]


def test_a_restart_keeps_the_key(state: Path) -> None:
    assert _kids(KeyRing(state)) == _kids(KeyRing(state))


def test_two_installations_have_different_keys(tmp_path: Path) -> None:
    assert _kids(KeyRing(tmp_path / "a")) != _kids(KeyRing(tmp_path / "b"))


def test_nobody_else_can_read_a_key(state: Path) -> None:
    KeyRing(state)
    folder = state / "keys"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o600]


def test_only_public_numbers_are_published(state: Path) -> None:
    (key,) = KeyRing(state).jwks()["keys"]
    assert key.keys() == {"kty", "use", "alg", "kid", "n", "e"}
    assert (key["kty"], key["use"], key["alg"]) == ("RSA", "sig", "RS256")


def test_a_rotation_publishes_the_new_key_and_the_old_one(state: Path) -> None:
    ring = KeyRing(state)
    old = ring.current.kid
    new = ring.rotate().kid
    assert ring.current.kid == new
    assert _kids(ring) == [new, old]


def test_a_rotation_survives_a_restart(state: Path) -> None:
    ring = KeyRing(state)
    ring.rotate()
    assert _kids(KeyRing(state)) == _kids(ring)


def test_the_oldest_keys_are_given_up(state: Path) -> None:
    ring = KeyRing(state)
    kids = [ring.current.kid, *(ring.rotate().kid for _ in range(4))]
    assert _kids(ring) == kids[:1:-1]
    assert _kids(KeyRing(state)) == kids[:1:-1]


def test_a_damaged_key_is_reported_with_its_file(state: Path) -> None:
    KeyRing(state)
    (path,) = (state / "keys").glob("*.pem")
    path.write_text("damaged")
    with pytest.raises(UnreadableKey, match=r"000001\.pem is not a usable signing key"):
        KeyRing(state)
