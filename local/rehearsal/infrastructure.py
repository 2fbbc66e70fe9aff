"""The product's Terraform, copied, with terraform/rehearsal laid over the copy."""

import json
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.rehearsal.emulator import Emulator
from scripts.terraform_command import TERRAFORM, TerraformFailed, initialise, terraform

ENVIRONMENT = "prod"
NAME = f"persona-ai-{ENVIRONMENT}"
PLAN = "rehearsal.tfplan"

_CHANGES = 2  # the exit code of a plan that is not empty
_COMPLETE = re.compile(r": (Creation|Modifications|Destruction) complete after ")
_TOLD_EACH = 50
_NOT_COPIED = shutil.ignore_patterns(".terraform*", "*.tfstate*", "tests", "rehearsal")


@dataclass(frozen=True)
class Change:
    actions: tuple[str, ...]
    address: str

    @property
    def kind(self) -> str:
        return self.address.split("[")[0].split(".")[-2]

    def __str__(self) -> str:
        return f"{'/'.join(self.actions)} {self.address}"


class Infrastructure:
    def __init__(self, folder: Path, emulator: Emulator, *, zone_id: str) -> None:
        self.folder = folder
        self._emulator = emulator
        self._zone_id = zone_id

    def lay_out(self, told: Mapping[str, Mapping[str, str]]) -> None:
        """Copy the product, lay the rehearsal over it, and leave what functions are told there."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(TERRAFORM, self.folder, ignore=_NOT_COPIED)
        shutil.copy(TERRAFORM / ".terraform.lock.hcl", self.folder)
        shutil.copytree(TERRAFORM / "rehearsal", self.folder, dirs_exist_ok=True)
        (self.folder / "modules" / "api" / "rehearsal.json").write_text(json.dumps(told))
        initialise(folder=self.folder)

    def apply(self, package: Path) -> float:
        """Return how long it took."""
        return self._change("apply", package)

    def plan(self, package: Path) -> Sequence[Change]:
        """Return what an apply would change."""
        options = ("-detailed-exitcode", f"-out={PLAN}", *self._variables(package))
        self._run("plan", *options, codes=(0, _CHANGES))
        shown: Mapping[str, Any] = json.loads(self._run("show", "-json", PLAN))
        changes = [
            Change(tuple(each["change"]["actions"]), each["address"])
            for each in shown.get("resource_changes", ())
        ]
        return [each for each in changes if each.actions not in {("no-op",), ("read",)}]

    def destroy(self, package: Path) -> float:
        return self._change("destroy", package)

    def resources(self) -> Sequence[str]:
        listed = self._run("state", "list").splitlines()
        return [each for each in listed if ".data." not in f".{each}"]

    def output(self, name: str) -> Any:
        return json.loads(self._run("output", "-json", name))

    def policies(self) -> Mapping[str, Any]:
        """Return each function's policy, by the name of its role."""
        shown = json.loads(self._run("show", "-json"))
        modules = shown["values"]["root_module"]["child_modules"]
        return {
            each["values"]["role"]: json.loads(each["values"]["policy"])
            for module in modules
            if module["address"] == "module.api"
            for each in module["resources"]
            if each["type"] == "aws_iam_role_policy"
        }

    def _variables(self, package: Path) -> Sequence[str]:
        return (
            f"-var-file=environments/{ENVIRONMENT}/terraform.tfvars",
            f"-var=zone_id={self._zone_id}",
            f"-var=package={package}",
        )

    def _change(self, verb: str, package: Path) -> float:
        """Say how far it is, for it takes minutes. Return how many seconds it took."""
        began = time.monotonic()
        done = 0

        def tell(line: str) -> None:
            nonlocal done
            if _COMPLETE.search(line):
                done += 1
                if done % _TOLD_EACH == 0:
                    print(f"  {done} resources after {time.monotonic() - began:.0f} s", flush=True)

        self._run(verb, "-auto-approve", *self._variables(package), tell=tell)
        return time.monotonic() - began

    def _run(
        self,
        *arguments: str,
        codes: Sequence[int] = (0,),
        tell: Callable[[str], None] = lambda _line: None,
    ) -> str:
        credentials = self._emulator.credentials
        done = terraform(*arguments, folder=self.folder, environment=credentials, tell=tell)
        if done.returncode not in codes:
            raise TerraformFailed(f"terraform {arguments[0]}:\n{done.stderr}")
        return done.stdout
