"""`make rehearse`: all of prod on an emulator of AWS, from the first apply to the destruction."""

import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from zipfile import ZipFile

import boto3
import sqlalchemy as sa

from local.demo import DemoFailed
from local.home import CHECKOUT
from local.ports import choose
from local.rehearsal import rights
from local.rehearsal.emulator import Emulator
from local.rehearsal.infrastructure import ENVIRONMENT, Change, Infrastructure
from local.rehearsal.walk import Deployed, walk
from local.service import ServiceFailed
from local.sign_in import SignInFailed
from local.stack import Stack
from local.vendors.control import Control
from scripts import delivery
from scripts.terraform_command import (
    NO_PROVIDER,
    NO_TERRAFORM,
    ProviderMissing,
    TerraformFailed,
)

FOLDER = CHECKOUT / "build" / "rehearsal"
PACKAGE = CHECKOUT / "build" / "package" / "deployment.zip"

# Addresses of this machine, which take the place of Google's, OpenAI's and Replicate's.
ADDRESSES = (
    *("GOOGLE_ISSUER", "GOOGLE_JWKS_URL", "GOOGLE_CLIENT_ID", "OPENAI_BASE_URL"),
    *("REPLICATE_BASE_URL", "IMAGE_SOURCES", "WEBHOOK_ORIGINS"),
)
CONNECTIONS = ("database_url", "database_replica_url")
# What an operator writes into the settings.
KEYS = ("OPENAI_API_KEY", "REPLICATE_API_TOKEN")
# What a release of other code may change: the zip, and a new version of each function.
OF_A_RELEASE = {"aws_s3_object", "aws_lambda_function"}


class RehearsalFailed(Exception):
    """Something that has to hold of a deployment did not."""


FAILURES = (DemoFailed, RehearsalFailed, ServiceFailed, SignInFailed, TerraformFailed)


def main() -> int:
    if shutil.which("terraform") is None:
        print(f"make rehearse: {NO_TERRAFORM}", file=sys.stderr)
        return 1
    started = time.monotonic()
    try:
        rehearse()
    except ProviderMissing:
        print(f"make rehearse: {NO_PROVIDER}", file=sys.stderr)
        return 1
    except FAILURES as error:
        print(f"\nThe rehearsal failed: {error}", file=sys.stderr)
        return 1
    print(f"\nRehearsed in {time.monotonic() - started:.0f} s.")
    return 0


def rehearse() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    aws = FOLDER / "aws"
    aws.mkdir(parents=True)
    emulator = Emulator(aws, choose(["aws"], "free")["aws"])
    with Stack(FOLDER / "stack", backing_only=True, say=print) as stack:
        stack.also(emulator.service())
        os.environ |= emulator.credentials
        infrastructure = Infrastructure(FOLDER / "terraform", emulator, zone_id=hosted_zone())
        infrastructure.lay_out(told(stack.env, emulator))
        apply(infrastructure)
        deployed = Deployed()
        put_into_service(deployed, stack)
        walk(deployed, stack.env, Control(stack.env["REPLICATE_BASE_URL"]))
        compare_rights(infrastructure, emulator)
        release(infrastructure, deployed)
        destroy(infrastructure)
    shutil.rmtree(FOLDER)


def hosted_zone() -> str:
    """Return the id of the domain's zone, which is there before Terraform comes."""
    made = boto3.client("route53").create_hosted_zone(Name="persona.example", CallerReference="1")
    return str(made["HostedZone"]["Id"]).rpartition("/")[2]


def told(env: Mapping[str, str], emulator: Emulator) -> Mapping[str, Mapping[str, str]]:
    """Return what functions are told here and nowhere else."""
    addresses = {name: env[name] for name in ADDRESSES}
    connections = {name: with_places(env[name.upper()]) for name in CONNECTIONS}
    return {
        "addresses": {**addresses, "AWS_CA_BUNDLE": str(emulator.certificate)},
        "connections": {**connections, "redis_url": env["REDIS_URL"]},
    }


def with_places(url: str) -> str:
    at = sa.make_url(url)
    return f"{at.drivername}://{{role}}:{{password}}@{at.host}:{at.port}/{at.database}"


def apply(infrastructure: Infrastructure) -> None:
    print(f"\n== Applying {ENVIRONMENT} ...")
    seconds = infrastructure.apply(PACKAGE)
    print(f"{len(infrastructure.resources())} resources in {seconds:.0f} s")
    require_nothing(infrastructure.plan(PACKAGE))


def require_nothing(changes: Sequence[Change]) -> None:
    if changes:
        listed = "\n".join(f"  {change}" for change in changes)
        raise RehearsalFailed(f"a second plan is not empty:\n{listed}")
    print("a second plan is empty")


def put_into_service(deployed: Deployed, stack: Stack) -> None:
    """The database's owner has an address here that Terraform cannot know. Rotation is asked for as
    Secrets Manager does, for the emulator's does nothing."""
    deployed.tell("settings", {name.lower(): stack.env[name] for name in KEYS})
    deployed.tell("owner", {"database_url": stack.env["DATABASE_URL"]})
    stack.let_make_roles()
    print(f"migrated: {deployed.invoke('migrate', {})}")
    deployed.rotate("settings")
    print("the settings have their connections")


def compare_rights(infrastructure: Infrastructure, emulator: Emulator) -> None:
    print("\n== What the functions' roles have, and what they asked for")
    granted = list(rights.grants(infrastructure.policies()))
    requests = rights.read_requests(emulator.witnessed)
    for line in rights.table(granted, requests):
        print(line)
    for sid, reason in rights.REASONS.items():
        print(f"  {sid}: {reason}")
    if complaints := list(rights.complaints(granted, requests)):
        raise RehearsalFailed("\n".join(complaints))
    print("nothing was refused, and nothing is granted that was not asked for")


def release(infrastructure: Infrastructure, deployed: Deployed) -> None:
    """Bring other code: the functions get new versions, and traffic goes there by the aliases."""
    print("\n== A release of other code")
    package = other_code(FOLDER / "next.zip")
    changes = infrastructure.plan(package)
    for change in changes:
        print(f"  {change}")
    if {change.kind for change in changes} != OF_A_RELEASE:
        raise RehearsalFailed("a release of code changes something else")
    print(f"applied in {infrastructure.apply(package):.0f} s")
    environment = delivery.Environment(ENVIRONMENT)
    for function, version in environment.live().items():
        newest = environment.newest(function)
        environment.point(function, newest)
        print(f"  {function}: {version} -> {newest}")
    deployed.require_health()
    require_nothing(infrastructure.plan(package))


def other_code(path: Path) -> Path:
    shutil.copy(PACKAGE, path)
    with ZipFile(path, "a") as package:
        package.writestr("release.txt", "the next one\n")
    return path


def destroy(infrastructure: Infrastructure) -> None:
    print("\n== Destroying")
    seconds = infrastructure.destroy(PACKAGE)
    left = infrastructure.resources()
    print(f"{len(left)} resources are left after {seconds:.0f} s")
    if left:
        raise RehearsalFailed("\n".join(left))


if __name__ == "__main__":
    sys.exit(main())
