from sqlalchemy.orm import Session

from chalicelib.auth.guards import signed_in
from chalicelib.core.http import Caller, Routes
from chalicelib.spending import services
from chalicelib.spending.schemas import UsagePage, UsageQuery

routes = Routes(__name__, guard=signed_in)


@routes.get("/auth/me/usage")
def get_usage(session: Session, caller: Caller, query: UsageQuery) -> UsagePage:
    """Show what was asked of the AI vendors for me, day by day, and today's limits."""
    return services.get_usage(session, user_id=caller.user_id, query=query)
