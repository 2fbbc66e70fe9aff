"""Serve the AWS emulator by TLS, and write down what each function's role asks for.

Runs in an environment of its own, with Lambda's Python, and knows nothing of this package. The
emulator enforces the policies itself; what it decides is one JSON line a request.
"""

import asyncio
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app
from ministack.core import iam_actions, iam_evaluator, tls
from ministack.services import rds, sts

WRITTEN = Path(os.environ["WITNESS"])

_enforce = iam_evaluator.enforce
_extract_resource_arn = iam_actions.extract_resource_arn
_apply_instance_filters = rds._apply_instance_filters  # noqa: SLF001


def extract_resource_arn(service: str, *request: Any) -> object:
    """Name ElastiCache's users, too, which the emulator does not tell apart."""
    *_, parameters, region, account = request
    if service == "elasticache" and (user := parameters.get("UserId")):
        name = user[0] if isinstance(user, list) else user
        return f"arn:aws:elasticache:{region}:{account}:user:{name}"
    return _extract_resource_arn(service, *request)


def apply_instance_filters(
    instances: Iterable[dict[str, Any]], filters: dict[str, list[str]]
) -> object:
    """Tell databases apart by their resource ids, too: Terraform asks whether one is gone yet."""
    wanted = filters.get("dbi-resource-id")
    found = [each for each in instances if wanted is None or each["DbiResourceId"] in wanted]
    return _apply_instance_filters(found, filters)


def enforce(
    access_key_id: str,
    iam_action: str,
    service: str,
    region: str,
    resource_arn: str = "*",
    service_context: dict[str, Any] | None = None,
) -> object:
    if service == "sqs":  # IAM knows no actions for batches: they need what a single one needs
        iam_action = iam_action.removesuffix("Batch")
    refused = _enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
    # Whoever is no role is the emulator's root: Terraform, or the rehearsal itself.
    if (session := sts._sessions.get(access_key_id)) is not None:  # noqa: SLF001
        line = {
            "role": session["Arn"].split("/")[1],
            "action": iam_action,
            "resource": resource_arn,
            "is_allowed": refused is None,
        }
        with WRITTEN.open("a") as file:
            file.write(json.dumps(line) + "\n")
    return refused


def main() -> None:
    iam_evaluator.enforce = enforce
    iam_actions.extract_resource_arn = extract_resource_arn
    rds._apply_instance_filters = apply_instance_filters  # noqa: SLF001
    config = Config()
    config.bind = [f"{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"]
    config.certfile, config.keyfile = tls.resolve_tls_material()
    config.alpn_protocols = ["http/1.1"]  # by HTTP/2 Terraform loses an answer now and then
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    asyncio.run(serve(app, config))


if __name__ == "__main__":
    main()
