"""Where a persona's card is to be had, and what it says."""

from uuid import UUID

from chalicelib.core.cards import card_key
from tests.client import Answer
from tests.personas.lives import Life

NOBODY = "redis://127.0.0.1:9/0"


def card(life: Life) -> str:
    return f"/social/personas/{life.id}"


def profile(life: Life) -> str:
    return f"/social/profiles/{life.owner.user['id']}"


def cached_card(life: Life) -> str:
    return card_key(UUID(life.id))


def facts(answer: Answer) -> dict[str, object]:
    """The card, but for the link that is signed anew."""
    assert answer.status == 200, answer
    seen: dict[str, object] = answer.json
    return seen | {"image": answer.json["image"]["id"]}
