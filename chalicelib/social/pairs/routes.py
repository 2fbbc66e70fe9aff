from sqlalchemy.orm import Session

from chalicelib.auth.guards import signed_in
from chalicelib.core.answers import Svg
from chalicelib.core.http import Caller, Routes
from chalicelib.core.ports import Ports
from chalicelib.social.pairs import services
from chalicelib.social.pairs.schemas import ChemistryQuery, ChemistryRead

routes = Routes(__name__, guard=signed_in)


@routes.get("/social/chemistry")
def get_chemistry(
    session: Session, caller: Caller, ports: Ports, query: ChemistryQuery
) -> ChemistryRead:
    """Compare two personas: a score with its margin, and what each trait adds to it."""
    pair = services.get_pair(session, caller_id=caller.user_id, query=query)
    return services.read_chemistry(ports.cache, pair)


@routes.get("/social/chemistry.svg")
def draw_chemistry(session: Session, caller: Caller, ports: Ports, query: ChemistryQuery) -> Svg:
    """Draw the same as a picture: the two profiles one over the other."""
    pair = services.get_pair(session, caller_id=caller.user_id, query=query)
    return services.draw(ports.cache, pair)
