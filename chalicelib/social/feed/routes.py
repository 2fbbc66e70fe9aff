from sqlalchemy.orm import Session

from chalicelib.auth.guards import signed_in, signed_in_or_anyone
from chalicelib.core.answers import Reply
from chalicelib.core.http import Caller, Routes, anyone
from chalicelib.core.ports import Ports
from chalicelib.social.feed import engagement, reports, services, trends
from chalicelib.social.feed.schemas import (
    EngagementCreate,
    EngagementRead,
    FeedPage,
    FeedQuery,
    ReportCreate,
    ReportRead,
    TrendsQuery,
    TrendsRead,
)

MINUTE = 60

routes = Routes(__name__, guard=signed_in)


@routes.get("/social/feed", guard=anyone)
def list_feed(session: Session, ports: Ports, query: FeedQuery) -> FeedPage:
    """List the personas that their owners have made public."""
    return services.list_feed(session, ports.objects, query=query)


@routes.post("/social/engagement", status=200, guard=signed_in_or_anyone)
def engage(session: Session, caller: Caller | None, body: EngagementCreate) -> EngagementRead:
    """Vote, like, view or share. Views need no account."""
    caller_id = caller.user_id if caller else None
    return engagement.engage(session, caller_id=caller_id, data=body)


@routes.post("/social/reports", status=202)
def report(session: Session, caller: Caller, body: ReportCreate) -> ReportRead:
    """Report what should not be there. Somebody will look at it."""
    return reports.report(session, reporter_id=caller.user_id, data=body)


@routes.get("/social/trends", guard=anyone)
def list_trends(replica: Session, ports: Ports, query: TrendsQuery) -> Reply[TrendsRead]:
    """Count by tag what people have voted for, liked and shared."""
    return Reply(trends.list_trends(replica, ports.cache, query=query), max_age=MINUTE)
