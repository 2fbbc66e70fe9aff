"""Load one handler as Lambda does, in a Python that is told of nothing but the package.

`app.app` answers a request; `everything` stands for all modules and adapters, whose imports are
put off until they are used.
"""

import importlib
import json
import pkgutil
import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

API = "app.app"
NEEDED_LATE = "jose.jwk"
PROGRAMS = {"chalicelib.migrations.__main__", "chalicelib.migrations.env"}


def main(handler: str) -> str:
    if handler == "everything":
        return load_everything()
    module, _, name = handler.rpartition(".")
    call = getattr(importlib.import_module(module), name)
    if handler == API:
        return answer_health(call)
    if "app" in sys.modules:
        sys.exit(f"{handler} has imported app, which a worker's Lambda must not need")
    return f"{len(sys.modules)} modules, without app"


def answer_health(call: Callable[[Any, Any], Mapping[str, Any]]) -> str:
    answer = call(health_event(), None)
    expected = (200, {"status": "ok"})
    if (answer["statusCode"], json.loads(answer["body"])) != expected:
        sys.exit(f"GET /health answers {answer}")
    return f"{len(sys.modules)} modules, GET /health answers 200"


def health_event() -> dict[str, Any]:
    """Return what API Gateway sends for GET /health."""
    return {
        "resource": "/health",
        "path": "/health",
        "httpMethod": "GET",
        "headers": {"Accept": "application/json"},
        "multiValueHeaders": {"Accept": ["application/json"]},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/health",
            "httpMethod": "GET",
            "path": "/v1/health",
            "stage": "v1",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "identity": {"sourceIp": "192.0.2.1"},
        },
        "body": None,
        "isBase64Encoded": False,
    }


def load_everything() -> str:
    names = [each.name for each in pkgutil.walk_packages(["chalicelib"], "chalicelib.")]
    for name in {*names, NEEDED_LATE} - PROGRAMS:
        importlib.import_module(name)
    wiring: Any = sys.modules["chalicelib.wiring"]
    adapters = [
        name
        for name, member in vars(wiring.Adapters).items()
        if isinstance(member, cached_property)
    ]
    for name in adapters:
        getattr(wiring.ports(), name)
    return f"{len(names)} modules of chalicelib, {len(adapters)} ports"


if __name__ == "__main__":
    _, wanted, *sys.path[:0] = sys.argv
    print(main(wanted))
