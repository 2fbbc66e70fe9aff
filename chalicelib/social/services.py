"""The cards of personas that their owners show."""

from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from chalicelib.core.cards import card_key, profile_key, remember
from chalicelib.core.ports import Cache
from chalicelib.personas.showing import BY_LINK, BY_OWNER, StoredCard, read_card


def get_card(session: Session, replica: Session, cache: Cache, *, persona_id: UUID) -> StoredCard:
    """Return the card of a persona that is public or unlisted."""
    read = partial(read_card, session, replica, BY_LINK, persona_id)
    return remember(cache, card_key(persona_id), StoredCard, read)


def get_profile(session: Session, replica: Session, cache: Cache, *, user_id: UUID) -> StoredCard:
    """Return the card of the user's primary persona, if that is public."""
    read = partial(read_card, session, replica, BY_OWNER, user_id)
    return remember(cache, profile_key(user_id), StoredCard, read)
