"""What is merged goes to staging and, when somebody says so, to prod; no key lies anywhere."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

Workflow = dict[Any, Any]
NAMES = ("build", "deploy", "pull-request", "release", "rollback")


@pytest.fixture(scope="module")
def texts(checkout: Path) -> dict[str, str]:
    folder = checkout / ".github" / "workflows"
    return {path.stem: path.read_text() for path in folder.glob("*.yml")}


@pytest.fixture(scope="module")
def workflows(texts: dict[str, str]) -> dict[str, Workflow]:
    return {name: yaml.safe_load(text) for name, text in texts.items()}


def commands(job: Workflow) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


def test_no_workflow_knows_a_key(texts: dict[str, str]) -> None:
    assert set(texts) == set(NAMES)
    for text in texts.values():
        assert "secrets." not in text
        assert "access-key" not in text


def test_a_commit_is_checked_tested_on_both_pythons_and_packaged(
    workflows: dict[str, Workflow],
) -> None:
    jobs = workflows["build"]["jobs"]
    assert commands(jobs["check"]) == ["make check"]
    assert commands(jobs["test"]) == ["make test"]
    assert jobs["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.13"]
    assert commands(jobs["compatible"]) == ["make compatible"]
    assert commands(jobs["package"]) == ["scripts/package --twice"]


def test_a_pull_request_changes_nothing(workflows: dict[str, Workflow]) -> None:
    workflow = workflows["pull-request"]
    assert "pull_request" in workflow[True]  # YAML 1.1 takes `on` for true
    said = " ".join(commands(workflow["jobs"]["plan"]))
    assert " plan " in said
    assert not re.search(r"\b(apply|release|rollback)\b", said)


def test_prod_comes_after_staging_and_staging_after_the_build(
    workflows: dict[str, Workflow],
) -> None:
    workflow = workflows["release"]
    jobs = workflow["jobs"]
    assert workflow[True] == {"push": {"branches": ["main"]}}
    assert (jobs["staging"]["needs"], jobs["prod"]["needs"]) == ("build", "staging")
    assert [jobs[name]["with"]["environment"] for name in ("staging", "prod")] == [
        "staging",
        "prod",
    ]


@pytest.mark.parametrize("name", ["deploy", "rollback"])
def test_an_environment_is_entered_by_its_gate_and_its_role(
    workflows: dict[str, Workflow], name: str
) -> None:
    job = workflows[name]["jobs"][name]
    assert job["environment"] == "${{ inputs.environment }}"
    assert job["permissions"]["id-token"] == "write"
    roles = [step["with"]["role-to-assume"] for step in job["steps"] if "role-to" in str(step)]
    assert roles == ["${{ vars.DEPLOY_ROLE }}"]


def test_traffic_is_shifted_after_the_apply_and_smoked_after_that(
    workflows: dict[str, Workflow],
) -> None:
    said = " ; ".join(commands(workflows["deploy"]["jobs"]["deploy"]))
    order = ["sha256sum", " apply ", "scripts/release ", "scripts/smoke ", "scripts/rollback "]
    places = [said.index(each) for each in order]
    assert places == sorted(places)


def test_one_deployment_of_an_environment_waits_for_another_and_a_rollback_for_none(
    workflows: dict[str, Workflow],
) -> None:
    concurrency = workflows["deploy"]["jobs"]["deploy"]["concurrency"]
    assert concurrency == {
        "group": "deploy-${{ inputs.environment }}",
        "cancel-in-progress": False,
    }
    rollback = workflows["rollback"]
    assert "concurrency" not in {*rollback, *rollback["jobs"]["rollback"]}
    assert commands(rollback["jobs"]["rollback"])[-2:] == [
        'scripts/rollback "$ENVIRONMENT"',
        'scripts/smoke "$API_URL"',
    ]


def test_every_variable_that_has_to_be_set_is_told_of(
    texts: dict[str, str], checkout: Path
) -> None:
    needed = {name for text in texts.values() for name in re.findall(r"vars\.(\w+)", text)}
    page = (checkout / "docs" / "delivery.md").read_text()
    assert needed == set(re.findall(r"`([A-Z_]+)`", page))


def test_every_action_is_pinned_to_a_commit(texts: dict[str, str]) -> None:
    used = [name for text in texts.values() for name in re.findall(r"uses: (\S+)", text)]
    foreign = [name for name in used if not name.startswith("./")]
    assert len(foreign) > 10
    assert [name for name in foreign if not re.search(r"@[0-9a-f]{40}$", name)] == []


def test_what_a_workflow_runs_is_there(workflows: dict[str, Workflow], checkout: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (checkout / "Makefile").read_text(), re.MULTILINE))
    for workflow in workflows.values():
        for job in workflow["jobs"].values():
            for command in commands(job) if "steps" in job else ():
                for script in re.findall(r"\bscripts/[\w.-]+", command):
                    assert (checkout / script).is_file(), script
                assert set(re.findall(r"\bmake (\w+)", command)) <= targets
