"""All that can be said of the infrastructure without an account: form, promises, rights.

Where there is no Terraform, or its AWS provider cannot be had, it says so and ends well: the rest
of `make check` needs neither.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import terraform_package
from terraform_command import (
    CHECKOUT,
    NO_PROVIDER,
    NO_TERRAFORM,
    TERRAFORM,
    ProviderMissing,
    TerraformFailed,
    initialise,
    terraform,
)

TOOLS = CHECKOUT / ".terraform-tools"
POLICIES = TOOLS / "policies"
CHECKED = TOOLS / "checked"
PINS = (
    "checkov==3.3.30",
    "parliament==1.6.4",
    "setuptools<81",
)  # parliament asks for pkg_resources

# Terraform cannot show the state of a module that has two providers.
SHOWN_WITHOUT_STATE = {"tests/edge.tftest.hcl"}

NOT_CHECKED = "NOT CHECKED: terraform/ - "
NO_SCANNERS = f"checkov and parliament are not here: pip cannot install {', '.join(PINS)}."


class Broken(Exception):
    """The message says what is wrong with the configuration."""


def main() -> int:
    if shutil.which("terraform") is None:
        print(NOT_CHECKED + NO_TERRAFORM)
        return 0
    terraform_package.main()
    if CHECKED.exists() and CHECKED.read_text() == fingerprint():
        print("terraform/ is as it was when it was last checked.")
        return 0
    try:
        initialise("-backend=false")
        hold_form()
        states = hold_promises()
        if hold_rights(states):
            CHECKED.write_text(fingerprint())
    except ProviderMissing:
        print(NOT_CHECKED + NO_PROVIDER)
    except (Broken, TerraformFailed) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def fingerprint() -> str:
    """Return what tells two states of everything that is checked here apart."""
    digest = hashlib.sha256()
    files = (path for path in TERRAFORM.rglob("*") if ".terraform" not in path.parts)
    pages = (CHECKOUT / "docs" / "runbooks").glob("*.md")
    for path in sorted([*files, *pages, CHECKOUT / ".checkov.yaml", Path(__file__)]):
        if path.is_file():
            digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()


def hold_form() -> None:
    form = terraform("fmt", "-check", "-recursive", "-diff")
    if form.returncode != 0:
        raise Broken(f"`terraform fmt -recursive terraform` would change:\n{form.stdout}")
    valid = terraform("validate", "-no-tests")
    if valid.returncode != 0:
        raise Broken(valid.stdout + valid.stderr)


def hold_promises() -> Sequence[Mapping[str, Any]]:
    """Run Terraform's own tests; return the states that they came to."""
    files = {f"tests/{path.name}" for path in (TERRAFORM / "tests").glob("*.tftest.hcl")}
    with ThreadPoolExecutor() as both:
        rest = both.submit(tested, files - SHOWN_WITHOUT_STATE, "-verbose")
        shown = both.submit(tested, SHOWN_WITHOUT_STATE)
        messages = [*rest.result(), *shown.result()]
    return [each["test_state"] for each in messages if each["type"] == "test_state"]


def tested(files: Collection[str], *options: str) -> Sequence[Mapping[str, Any]]:
    """Run the tests of some files; return what Terraform tells of them."""
    done = terraform("test", "-json", *options, *(f"-filter={name}" for name in sorted(files)))
    messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    for message in messages:
        if "diagnostic" in message:
            about = message["diagnostic"]
            print(f"{message.get('@testfile', '')} {about['summary']}: {about['detail']}")
    if done.returncode != 0:
        raise Broken(f"terraform/tests: a promise is broken, see above.\n{done.stderr}")
    print(next(each["@message"] for each in messages if each["type"] == "test_summary"))
    return messages


def hold_rights(states: Sequence[Mapping[str, Any]]) -> bool:
    """Let parliament read each policy and checkov the configuration; tell whether they could."""
    if not scanners():
        print(NOT_CHECKED + NO_SCANNERS)
        return False
    shutil.rmtree(POLICIES, ignore_errors=True)
    POLICIES.mkdir(parents=True)
    written = [write(name, policy) for name, policy in policies(states)]
    if not written:
        raise Broken("The tests' states hold no policy: parliament has nothing to read.")
    said = scanned("parliament", "--json", "--directory", str(POLICIES)).stdout
    findings = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    if unknown := [each for each in findings if not is_lambdas_own(each)]:
        raise Broken(f"parliament:\n{json.dumps(unknown, indent=2)}")
    print(f"parliament has nothing to say of {len(written)} policies.")
    done = scanned("checkov", "--config-file", ".checkov.yaml")
    if done.returncode != 0:
        raise Broken(f"checkov:\n{done.stdout}{done.stderr}")
    print(f"checkov: {summary(done.stdout)}")
    return True


def scanners() -> bool:
    """Install both beside the project, for they pin other versions of what it uses."""
    if (TOOLS / "pins").exists() and (TOOLS / "pins").read_text() == str(PINS):
        return True
    subprocess.run([sys.executable, "-m", "venv", "--clear", TOOLS / "venv"], check=True)
    pip = [TOOLS / "venv" / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*pip, *PINS], check=False, stderr=subprocess.DEVNULL).returncode != 0:
        return False
    (TOOLS / "pins").write_text(str(PINS))
    return True


def scanned(tool: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [TOOLS / "venv" / "bin" / tool, *arguments],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
    )


def summary(said: str) -> str:
    return next((line for line in said.splitlines() if line.startswith("Passed checks")), said)


def is_lambdas_own(finding: Mapping[str, Any]) -> bool:
    """Tell what is said of the network interfaces: AWS's guide to Lambda asks for every resource,
    and refuses them to the function's own code by a condition that parliament has not heard of."""
    about = str(finding["detail"])
    return (finding["issue"] == "RESOURCE_STAR" and "ec2:CreateNetworkInterface" in about) or (
        finding["issue"] == "UNKNOWN_CONDITION_FOR_ACTION" and "lambda:SourceFunctionArn" in about
    )


def policies(states: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield what roles may do. Parliament does not judge the policies of queues and buckets."""
    for state in states:
        for resource in state["root_module"].get("resources", ()):
            if resource["type"] == "aws_iam_role_policy":
                yield resource["address"], resource["values"]["policy"]


def write(name: str, policy: str) -> Path:
    path = POLICIES / f"{''.join(letter if letter.isalnum() else '_' for letter in name)}.json"
    path.write_text(policy)
    return path


if __name__ == "__main__":
    sys.exit(main())
