from sqlalchemy.orm import Session

from chalicelib.auth.guards import signed_in
from chalicelib.core.http import Caller, Routes
from chalicelib.core.ports import Ports
from chalicelib.dashboard import services
from chalicelib.dashboard.schemas import DashboardRead

routes = Routes(__name__, guard=signed_in)


@routes.get("/auth/me/dashboard")
def get_dashboard(session: Session, caller: Caller, ports: Ports) -> DashboardRead:
    """Show my personas, what is under way, what has ended and I have not seen, my talks and what is
    left of the day."""
    return services.get_dashboard(session, ports.objects, user_id=caller.user_id)
