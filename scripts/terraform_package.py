"""Let Chalice write the API's Terraform, and make it usable: by deleting, never by editing.

Chalice's own generator runs without its packager, which would let pip build a zip that is made
elsewhere. What Terraform declares by itself is taken out: it reads the functions, queues and
schedules as data, from `functions.json`. What stays is the API, which `chalice_override.tf` adapts.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from chalice.awsclient import TypedAWSClient
from chalice.cli.factory import CLIFactory
from chalice.deploy.appgraph import ApplicationGraphBuilder, DependencyBuilder
from chalice.deploy.deployer import BuildStage, InjectDefaults, SwaggerBuilder
from chalice.deploy.models import LambdaFunction
from chalice.deploy.swagger import TerraformSwaggerGenerator
from chalice.package import PackageOptions, ResourceBuilder, TerraformGenerator

CHECKOUT = Path(__file__).resolve().parent.parent
MODULE = CHECKOUT / "terraform" / "modules" / "api"
STAGE = "dev"

DECLARED_BY_US = (
    "aws_lambda_function",
    "aws_lambda_event_source_mapping",
    "aws_cloudwatch_event_rule",
    "aws_cloudwatch_event_target",
)


def main() -> int:
    document = generated()
    functions = separate(document)
    for name, content in (("chalice.tf.json", document), ("functions.json", functions)):
        (MODULE / name).write_text(json.dumps(content, indent=2) + "\n")
    return 0


def generated() -> dict[str, Any]:
    """Return what `chalice package --pkg-format terraform` writes, but for the zip's name."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-north-1")  # it asks for one, and uses none
    factory = CLIFactory(str(CHECKOUT))
    config = factory.create_config_obj(chalice_stage_name=STAGE)
    stage = BuildStage([InjectDefaults(), SwaggerBuilder(TerraformSwaggerGenerator())])
    builder = ResourceBuilder(ApplicationGraphBuilder(), DependencyBuilder(), stage)
    resources = builder.construct_resources(config, STAGE)
    for each in resources:
        if isinstance(each, LambdaFunction):
            each.deployment_package.filename = "deployment.zip"
    client = TypedAWSClient(factory.create_botocore_session())
    document: dict[str, Any] = TerraformGenerator(config, PackageOptions(client)).generate(
        resources
    )
    return document


def separate(document: dict[str, Any]) -> dict[str, Any]:
    """Take out of the document what Terraform cannot use, and return what it reads as data."""
    del document["terraform"]  # pins Terraform below 1.4 and the provider below 5
    del document["data"]["null_data_source"]  # unused, and wants one more provider
    resources = document["resource"]
    functions = {kind: resources.pop(kind, {}) for kind in DECLARED_BY_US}
    permissions = resources["aws_lambda_permission"]
    for name in permissions.keys() - {"rest_api_invoke"}:
        del permissions[name]
    return functions


if __name__ == "__main__":
    sys.exit(main())
