"""Cards spoilt at random: each is taken or refused, and nothing else ever happens."""

import base64
import json
import os
from random import Random
from typing import Any

from chalicelib.personas.cards.exceptions import CardTooLarge, NotACard
from tests.personas.cards import foreign
from tests.personas.cards.reader import chunk, chunks_of
from tests.personas.cards.specimens import GOOD, taken_in

ROUNDS = int(os.environ.get("CARD_FUZZ_ROUNDS", "2000"))
"""The long campaign: CARD_FUZZ_ROUNDS=20000 scripts/test tests/personas/cards -k mutated."""

ODD = ("null", "0", "-1.5", "true", '""', '"\u202e<b>"', "[]", "[[]]", "{}", '{"a": {}}', "1e18")


def mutated(file: bytes, chance: Random) -> bytes:
    """Spoil a card in one of the ways in which files are spoilt, or made to spoil."""
    parts = [(kind.encode(), content) for kind, content in chunks_of(file)]
    way = chance.randrange(6)
    if way == 0:
        spoilt = bytearray(file)
        for _ in range(chance.randint(1, 8)):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        return bytes(spoilt)
    if way == 1:
        at = chance.randrange(len(file))
        return file[:at] + chance.choice([b"", chance.randbytes(16), file[at:] + file[:at]])
    if way == 2:
        chance.shuffle(parts)
    elif way == 3:
        parts.insert(chance.randrange(len(parts) + 1), chance.choice(parts))
    elif way == 4:
        at = chance.randrange(len(parts))
        kind, content = parts[at]
        noise = bytearray(content or b"\0")
        noise[chance.randrange(len(noise))] = chance.randrange(256)
        parts[at] = (kind, bytes(noise))
    else:
        parts[1] = (b"tEXt", b"chara\0" + base64.b64encode(mutated_json(chance)))
    return file[:8] + b"".join(chunk(kind, content) for kind, content in parts)


def mutated_json(chance: Random) -> bytes:
    card = foreign.v2() if chance.random() < 0.5 else foreign.v3()
    inside = card["data"] if chance.random() < 0.8 else card
    inside[chance.choice([*inside, "persona_ai"])] = odd(chance)
    if chance.random() < 0.3 and isinstance(card.get("data"), dict):
        claims = {"motto": odd(chance)} if chance.random() < 0.5 else odd(chance)
        card["data"]["extensions"] = {"persona_ai": claims}
    raw = bytearray(json.dumps(card).encode())
    for _ in range(chance.choice([0, 0, 1, 3])):
        raw[chance.randrange(len(raw))] = chance.randrange(256)
    return bytes(raw)


def odd(chance: Random) -> Any:
    return json.loads(chance.choice(ODD))


def test_a_mutated_card_is_taken_or_refused() -> None:
    """Any other exception than a refusal is the failure."""
    chance = Random(20_261_121)  # noqa: S311 - the same files each time
    taken = 0
    for number in range(ROUNDS):
        file = mutated(GOOD, chance)
        try:
            taken_in(file)
        except (NotACard, CardTooLarge):
            continue
        except Exception as error:
            error.add_note(f"in round {number}: {file!r}")
            raise
        taken += 1
    assert ROUNDS * 0.05 < taken < ROUNDS * 0.6
