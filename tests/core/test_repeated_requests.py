"""Whatever becomes of a request and of those that repeat it, a key has one effect at most.

Random sequences through the whole of HTTP and a real database: a key, two bodies, requests that
arrive while the first one runs, and deaths before the effect, after it, at the commit and after it.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from tests.client import Api
from tests.core.repeated import COMMITTED, ENDS, REFUSED, Effects

SEQUENCES = int(os.environ.get("IDEMPOTENCY_SEQUENCES", "1000"))
SEED = 20


@pytest.fixture
def effects(api: Api) -> Iterator[Effects]:
    made = Effects(api.user["id"])
    yield made
    made.drop()


@dataclass
class Key:
    """What has to be known of a key to foretell its next answer."""

    name: str
    done: str | None = None
    """The wish that was carried out, whether or not the client was told."""
    told: tuple[str, str] | None = None
    """The body and the place that every later answer has to repeat."""


def test_no_key_has_two_effects(effects: Effects) -> None:
    random = Random(SEED)  # noqa: S311 - a test, not a secret
    keys = [Key(f"key-{number}") for number in range(SEQUENCES)]
    for key in keys:
        for _ in range(random.randint(2, 4)):
            _send(effects, key, random)
    assert effects.count() == Counter(key.done for key in keys if key.done is not None)


def test_what_has_an_effect_is_never_answered_with_not_modified(effects: Effects) -> None:
    answers = [effects.send("key", "wish", **{"if-none-match": "*"}) for _ in range(2)]
    assert [answer["statusCode"] for answer in answers] == [201, 201]


def _send(effects: Effects, key: Key, random: Random) -> None:
    """Send a request with the key and compare its answer with what was to be expected."""
    wish, end = f"{key.name} {random.choice('aab')}", random.choice(ENDS)
    at_once: list[dict[str, Any]] = []
    effects.end, effects.meanwhile = end, None
    if random.random() < 0.3:
        effects.meanwhile = lambda: at_once.append(effects.send(key.name, f"{key.name} a"))
    answer = effects.send(key.name, wish)
    assert [_code(each) for each in at_once] in ([], ["request_in_progress"])
    assert (answer["statusCode"], _code(answer)) == _expected(key, wish, end), (key, wish, end)
    if key.done is None and end in {None, COMMITTED}:
        key.done = wish
    if answer["statusCode"] == 201:
        told = answer["body"], answer["headers"]["Location"]
        assert key.told in {None, told}
        key.told = told


def _expected(key: Key, wish: str, end: str | None) -> tuple[int, str | None]:
    if key.done is not None:
        return (201, None) if wish == key.done else (422, "idempotency_key_reused")
    if end == REFUSED:
        return 409, "refused"
    return (201, None) if end is None else (500, "internal_error")


def _code(answer: dict[str, Any]) -> str | None:
    found: str | None = json.loads(answer["body"]).get("code")
    return found
