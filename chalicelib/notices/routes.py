import time
from collections.abc import Mapping

from sqlalchemy.orm import Session

from chalicelib.core.http import Routes, anyone
from chalicelib.core.ports import Ports
from chalicelib.notices import services
from chalicelib.notices.schemas import NoticeQuery

routes = Routes(__name__, guard=anyone)


@routes.post("/webhooks/replicate", status=204)
def take_replicate_notice(
    session: Session, ports: Ports, query: NoticeQuery, raw: bytes, headers: Mapping[str, str]
) -> None:
    """Hear from Replicate that an order goes on, or is done. Only signed messages are believed."""
    notice = services.read_notice(raw, headers, query=query, now=int(time.time()))
    services.take_notice(session, ports.queue, notice=notice)
