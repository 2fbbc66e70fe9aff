from uuid import UUID

from sqlalchemy.orm import Session

from chalicelib.core.answers import Reply
from chalicelib.core.http import Routes, anyone
from chalicelib.core.ports import Objects, Ports
from chalicelib.core.preconditions import etag
from chalicelib.personas.showing import StoredCard, signing_turn
from chalicelib.social import services
from chalicelib.social.schemas import PublicCardRead

routes = Routes(__name__, guard=anyone)


@routes.get("/social/profiles/{user_id}")
def get_profile(
    session: Session, replica: Session, ports: Ports, user_id: UUID
) -> Reply[PublicCardRead]:
    """Return the card of the user's primary persona, if that is public."""
    card = services.get_profile(session, replica, ports.cache, user_id=user_id)
    return _shown(card, ports.objects)


@routes.get("/social/personas/{persona_id}")
def get_card(
    session: Session, replica: Session, ports: Ports, persona_id: UUID
) -> Reply[PublicCardRead]:
    """Return the card of a persona that is public, or unlisted, by its link."""
    card = services.get_card(session, replica, ports.cache, persona_id=persona_id)
    return _shown(card, ports.objects)


def _shown(card: StoredCard, objects: Objects) -> Reply[PublicCardRead]:
    body = PublicCardRead.of(card, objects)
    tag = etag(card.id, card.version, signing_turn(body.image))
    return Reply(body, etag=tag, is_shared=True)
