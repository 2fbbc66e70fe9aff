"""Who can sign in: three seeded people and anybody whose name is typed."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass

MAX_NAME_LENGTH = 80

_SUBJECT_SPACE = 10**20  # 21 digits with the leading 1, as long as Google's


class AccountRefused(ValueError):
    """What was typed names nobody; the message says why."""


@dataclass(frozen=True)
class Account:
    name: str
    email: str

    @property
    def sub(self) -> str:
        """Name the same person for ever, however often the provider is set up anew."""
        digest = hashlib.sha256(f"local sign-in {self.email}".encode()).digest()
        return str(_SUBJECT_SPACE + int.from_bytes(digest) % _SUBJECT_SPACE)

    @property
    def initial(self) -> str:
        return self.name[0].upper()

    @property
    def is_verified(self) -> bool:
        return not self.name.casefold().startswith("unverified")

    @property
    def given_name(self) -> str:
        return self.name.split()[0]

    @property
    def family_name(self) -> str:
        return " ".join(self.name.split()[1:])


SEEDED = (
    Account(name="Ada Lovelace", email="ada@example.com"),
    Account(name="Grace Hopper", email="grace@example.com"),
    Account(name="Alan Turing", email="alan@example.com"),
)


def account_for(text: str) -> Account:
    """Find the account of a name or an e-mail address; any other text becomes a new account."""
    wanted = _tidy(text)
    is_email = re.fullmatch(r"[^@\s]+@[^@\s]+", wanted) is not None
    email = wanted.casefold() if is_email else _email_of(wanted)
    for account in SEEDED:
        if account.email == email or account.name.casefold() == wanted.casefold():
            return account
    name = _name_in(email) if is_email else wanted
    return Account(name=name, email=email)


def _tidy(text: str) -> str:
    tidied = " ".join(unicodedata.normalize("NFC", text).split())
    if not tidied:
        raise AccountRefused("Type a name.")
    if len(tidied) > MAX_NAME_LENGTH:
        raise AccountRefused(f"A name has at most {MAX_NAME_LENGTH} characters.")
    if not tidied.isprintable():
        raise AccountRefused("A name has only characters that can be printed.")
    return tidied


def _email_of(name: str) -> str:
    """Spell plain names out; a digest keeps all others apart from each other."""
    key = name.casefold()
    local_part = ".".join(key.split())
    if re.fullmatch(r"[a-z0-9.]{1,64}", local_part) and "." not in key:
        return f"{local_part}@example.com"
    return f"account-{hashlib.sha256(key.encode()).hexdigest()[:12]}@example.com"


def _name_in(email: str) -> str:
    words = re.findall(r"[^\W_]+", email.partition("@")[0])
    return " ".join(words).title() or email
