"""What somebody without the key can make of a good token, at random."""

from collections.abc import Callable
from random import Random
from typing import Any

from tests.auth.forge import KINDS, NOW, PUBLIC_TEXTS, Kind, b64, hs256, to_json

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/. \n\x00"
VALUES: tuple[Any, ...] = (
    *(None, True, 0, 2**40, -1, 1.5, "", "none", "HS256", "RS256", "admin", NOW),
    *([], {}, ["HS256"], {"alg": "none"}),
)


def mutate(chance: Random, kind: Kind) -> str:
    return chance.choice(MUTATIONS)(chance, kind)


def _replace_letter(chance: Random, kind: Kind) -> str:
    token, place = _place(chance, kind)
    return token[:place] + chance.choice(LETTERS) + token[place + 1 :]


def _flip_bit(chance: Random, kind: Kind) -> str:
    token, place = _place(chance, kind)
    flipped = chr(ord(token[place]) ^ (1 << chance.randrange(8)))
    return token[:place] + flipped + token[place + 1 :]


def _drop_letters(chance: Random, kind: Kind) -> str:
    token, place = _place(chance, kind)
    return token[:place] + token[place + chance.randrange(1, 9) :]


def _insert_letter(chance: Random, kind: Kind) -> str:
    token, place = _place(chance, kind)
    return token[:place] + chance.choice(LETTERS) + token[place:]


def _edit_claim(chance: Random, kind: Kind) -> str:
    header, _, signature = kind.token.split(".")
    return f"{header}.{b64(to_json(_edited(chance, kind.claims)))}.{signature}"


def _edit_header(chance: Random, kind: Kind) -> str:
    _, payload, signature = kind.token.split(".")
    return f"{b64(to_json(_edited(chance, kind.header)))}.{payload}.{signature}"


def _sign_with_public_key(chance: Random, kind: Kind) -> str:
    header = {**kind.header, "alg": chance.choice(["HS256", "RS256"])}
    secret = chance.choice(list(PUBLIC_TEXTS.values()))
    payload = to_json({**kind.claims, "sub": str(chance.random())})
    return kind.raw(header=to_json(header), payload=payload, sign=hs256(secret))


def _mix_with_another_kind(chance: Random, kind: Kind) -> str:
    others = [other for other in KINDS if other is not kind]
    parts = [*kind.token.split("."), *chance.choice(others).token.split("."), ""]
    return ".".join(chance.choices(parts, k=3))


MUTATIONS: tuple[Callable[[Random, Kind], str], ...] = (
    _replace_letter,
    _flip_bit,
    _drop_letters,
    _insert_letter,
    _edit_claim,
    _edit_header,
    _sign_with_public_key,
    _mix_with_another_kind,
)


def _place(chance: Random, kind: Kind) -> tuple[str, int]:
    token = kind.token
    return token, chance.randrange(len(token))


def _edited(chance: Random, content: Any) -> dict[str, Any]:
    return {**content, chance.choice(list(content)): chance.choice(VALUES)}
