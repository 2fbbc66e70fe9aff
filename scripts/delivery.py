"""Bring a release into traffic, and take it back: aliases move, nothing is built or applied anew.

What each release had in traffic is kept in Parameter Store (`/persona-ai-<environment>/releases`),
so that the way back needs neither Terraform nor the commit.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import boto3
from botocore.config import Config

APPLICATION = "persona-ai"
ALIAS = "live"
KEPT = 5
POLL_SECONDS = 5.0
RUNNING = ["Created", "Queued", "InProgress", "Ready"]
MIGRATION_SECONDS = 900

Versions = Mapping[str, str]


class ReleaseFailed(Exception):
    """The message says what failed; whoever reads it decides what is to be done."""


class Environment:
    def __init__(self, environment: str, *, poll_seconds: float = POLL_SECONDS) -> None:
        self.poll_seconds = poll_seconds
        self.name = f"{APPLICATION}-{environment}"
        patient = Config(read_timeout=MIGRATION_SECONDS, retries={"total_max_attempts": 1})
        self.functions = boto3.client("lambda")
        self.patient_functions = boto3.client("lambda", config=patient)
        self.deployments = boto3.client("codedeploy")
        self.parameters = boto3.client("ssm")

    def live(self) -> Versions:
        """Return the version that each function's alias leads to."""
        found = {}
        for page in self.functions.get_paginator("list_functions").paginate():
            for each in page["Functions"]:
                if each["FunctionName"].startswith(f"{self.name}-"):
                    alias = self.functions.get_alias(FunctionName=each["FunctionName"], Name=ALIAS)
                    found[each["FunctionName"]] = alias["FunctionVersion"]
        if not found:
            raise ReleaseFailed(f"There are no functions of {self.name}.")
        return found

    def newest(self, function: str) -> str:
        pages = self.functions.get_paginator("list_versions_by_function")
        numbers = [
            int(each["Version"])
            for page in pages.paginate(FunctionName=function)
            for each in page["Versions"]
            if each["Version"].isdecimal()
        ]
        return str(max(numbers))

    def migrate(self, version: str) -> None:
        answer = self.patient_functions.invoke(
            FunctionName=f"{self.name}-migrate", Qualifier=version, Payload=b"{}"
        )
        said = answer["Payload"].read().decode()
        if "FunctionError" in answer:
            raise ReleaseFailed(f"The migration failed, and no traffic was shifted: {said}")
        print(f"migrated: {said}")

    def shift(self, before: Versions, after: Versions) -> None:
        """Let CodeDeploy move the aliases, each as its group says, and wait for all."""
        moved = {name: version for name, version in after.items() if before[name] != version}
        with ExitStack() as undo:
            undo.callback(self._take_back, {name: before[name] for name in moved})
            begun = [self._begin(name, before[name], version) for name, version in moved.items()]
            for deployment in begun:
                self._wait(deployment)
            undo.pop_all()

    def _take_back(self, before: Versions) -> None:
        """Stop what is on its way, and lead back what was quicker: all of a release, or nothing."""
        self.stop()
        for name, version in before.items():
            self.point(name, version)
            print(f"{name}: back to {version}")

    def _begin(self, function: str, before: str, after: str) -> str:
        properties = {
            "Name": function,
            "Alias": ALIAS,
            "CurrentVersion": before,
            "TargetVersion": after,
        }
        kind = {"Type": "AWS::Lambda::Function", "Properties": properties}
        content = json.dumps({"version": 0.0, "Resources": [{"function": kind}]})
        deployment: str = self.deployments.create_deployment(
            applicationName=self.name,
            deploymentGroupName=function.removeprefix(f"{self.name}-"),
            revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": content}},
        )["deploymentId"]
        print(f"{function}: {before} -> {after} ({deployment})")
        return deployment

    def _wait(self, deployment: str) -> None:
        while True:
            info = self.deployments.get_deployment(deploymentId=deployment)["deploymentInfo"]
            if info["status"] == "Succeeded":
                return
            if info["status"] not in RUNNING:
                why = info.get("errorInformation", {}).get("message", info["status"])
                raise ReleaseFailed(f"{info['deploymentGroupName']} was taken back: {why}")
            time.sleep(self.poll_seconds)

    def stop(self) -> bool:
        """Stop what is being shifted, and tell whether anything was."""
        running = list(self._running())
        for deployment in running:
            self.deployments.stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)
        return bool(running)

    def _running(self) -> Iterator[str]:
        groups = self.deployments.list_deployment_groups(applicationName=self.name)
        for group in groups["deploymentGroups"]:
            yield from self.deployments.list_deployments(
                applicationName=self.name,
                deploymentGroupName=group,
                includeOnlyStatuses=RUNNING,
            )["deployments"]

    def point(self, function: str, version: str) -> None:
        self.functions.update_alias(
            FunctionName=function,
            Name=ALIAS,
            FunctionVersion=version,
            RoutingConfig={"AdditionalVersionWeights": {}},
        )

    def releases(self) -> list[dict[str, Any]]:
        """Return what was released, the newest first."""
        try:
            kept = self.parameters.get_parameter(Name=f"/{self.name}/releases")
        except self.parameters.exceptions.ParameterNotFound:
            return []
        releases: list[dict[str, Any]] = json.loads(kept["Parameter"]["Value"])
        return releases

    def keep(self, releases: Sequence[Mapping[str, Any]]) -> None:
        self.parameters.put_parameter(
            Name=f"/{self.name}/releases",
            Value=json.dumps(releases[:KEPT], separators=(",", ":")),
            Type="String",
            Overwrite=True,
        )


def release(environment: Environment, commit: str) -> None:
    before = environment.live()
    after = {name: environment.newest(name) for name in before}
    kept = environment.releases() or [{"commit": "unknown", "versions": before}]
    environment.migrate(after[f"{environment.name}-migrate"])
    environment.shift(before, after)
    environment.keep([{"commit": commit, "versions": after}, *kept])
    print(f"{environment.name} is at {commit}")


def rollback(environment: Environment) -> None:
    """Go back to the release before the one in traffic, or out of the one that is coming."""
    was_coming = environment.stop()
    live, kept = environment.live(), environment.releases()
    is_in_traffic = [each["versions"].items() <= live.items() for each in kept]
    at = is_in_traffic.index(True) if True in is_in_traffic else -1
    target = at if was_coming and at >= 0 else at + 1
    if target >= len(kept):
        raise ReleaseFailed(f"No release before this one of {environment.name} is known.")
    for function, version in kept[target]["versions"].items():
        environment.point(function, version)
        print(f"{function}: {live[function]} -> {version}")
    environment.keep(kept[target:])
    print(f"{environment.name} is back at {kept[target]['commit']}; its schema stays as it is.")


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/release, scripts/rollback")
    parser.add_argument("command", choices=["release", "rollback"])
    parser.add_argument("environment", choices=["dev", "staging", "prod"])
    parser.add_argument("--commit", default="unknown")
    arguments = parser.parse_args(words)
    environment = Environment(arguments.environment)
    try:
        if arguments.command == "release":
            release(environment, arguments.commit)
        else:
            rollback(environment)
    except ReleaseFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
