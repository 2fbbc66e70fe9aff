from typing import Self

from chalicelib.core.ports import Objects
from chalicelib.personas.schemas import CardRead
from chalicelib.personas.showing import StoredCard, facts_of, image_of


class PublicCardRead(CardRead):
    """What anybody may see of a persona whose owner shows it. `basis` says in words for people what
    its traits rest on."""

    basis: str | None

    @classmethod
    def of(cls, card: StoredCard, objects: Objects) -> Self:
        basis = card.traits.basis if card.traits else None
        return cls(**facts_of(card), image=image_of(card, objects), basis=basis)
