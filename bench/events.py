"""What API Gateway sends for one request of somebody's."""

import json
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4


def event_of(
    user_id: UUID,
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    body: object = None,
) -> dict[str, Any]:
    # The keys are settings, which are there only once a stack is.
    from chalicelib.auth.guards import access_keys  # noqa: PLC0415
    from chalicelib.auth.tokens import sign_access_token  # noqa: PLC0415

    token = sign_access_token(
        access_keys(), user_id=user_id, session_id=uuid4(), now=int(time.time())
    )
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": query and {key: [text] for key, text in query.items()},
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": path,
            "httpMethod": method,
            "path": f"/v1{path}",
            "stage": "v1",
            "requestId": str(uuid4()),
            "identity": {"sourceIp": "192.0.2.1"},
        },
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }
