import pytest

from local.google.accounts import SEEDED, AccountRefused, account_for


@pytest.mark.parametrize("text", ["Ada Lovelace", "ada lovelace", " Ada  Lovelace ", "Ada"])
def test_a_seeded_person_is_found_by_name(text: str) -> None:
    assert account_for(text) == SEEDED[0]


def test_a_seeded_person_is_found_by_email() -> None:
    assert account_for("GRACE@example.com").name == "Grace Hopper"


def test_any_name_becomes_an_account() -> None:
    account = account_for("Katherine Johnson")
    assert account.email == "katherine.johnson@example.com"
    assert (account.given_name, account.family_name) == ("Katherine", "Johnson")


def test_any_email_address_becomes_an_account() -> None:
    account = account_for("mary.jackson@example.org")
    assert (account.name, account.email) == ("Mary Jackson", "mary.jackson@example.org")


def test_a_name_has_the_same_subject_for_ever() -> None:
    assert account_for("Ada Lovelace").sub == "109204108662421295905"


@pytest.mark.parametrize("name", ["Ada", "Zoë", "山田", "x" * 80])
def test_a_subject_has_21_digits(name: str) -> None:
    sub = account_for(name).sub
    assert len(sub) == 21
    assert sub.isdecimal()


def test_names_that_look_alike_in_ascii_are_different_people() -> None:
    names = ["Zoe", "Zoë", "Zoe!", "Z oe", "z.oe", "山田", "田中", "Øre", "Re", "-"]
    assert len({account_for(name).sub for name in names}) == len(names)
    assert len({account_for(name).email for name in names}) == len(names)


@pytest.mark.parametrize("name", ["Unverified Eve", "unverified", "UNVERIFIED-1"])
def test_a_name_can_ask_for_an_unverified_address(name: str) -> None:
    assert not account_for(name).is_verified


def test_other_addresses_are_verified() -> None:
    assert account_for("Eve Unverified").is_verified


@pytest.mark.parametrize("text", ["", " ", "\n", "x" * 81, "a\x00b", "a\x1bb", "a\ud800b"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(AccountRefused):
        account_for(text)
