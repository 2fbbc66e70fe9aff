from typing import Any, Literal

from pydantic import BaseModel

from chalicelib.core.api import Api
from chalicelib.core.http import Routes, anyone

routes = Routes(__name__, guard=anyone)


class Health(BaseModel):
    status: Literal["ok"]


@routes.get("/health")
def get_health() -> Health:
    """Say that the process answers; its dependencies are not asked."""
    return Health(status="ok")


@routes.get("/openapi.json")
def get_openapi(app: Api) -> dict[str, Any]:
    """Describe every route, in OpenAPI 3.1."""
    return app.openapi()
