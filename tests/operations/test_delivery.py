"""A release comes into traffic after its migration, and goes back by one command."""

import importlib.util
import io
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Lock, Thread
from types import ModuleType
from typing import Any
from zipfile import ZipFile

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.codedeploy.models import codedeploy_backends
from moto.core.models import DEFAULT_ACCOUNT_ID as ACCOUNT_ID

from local.api import server_of
from local.stack import Stack
from tests.adapters.aws import KEYS

ROLE = "arn:aws:iam::123456789012:role/any"
FUNCTIONS = ("persona-ai-prod-api_handler", "persona-ai-prod-migrate")


@pytest.fixture(scope="module")
def delivery(checkout: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("delivery", checkout / "scripts" / "delivery.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def zipped(text: str) -> bytes:
    content = io.BytesIO()
    with ZipFile(content, "w") as made:
        made.writestr("app.py", text)
    return content.getvalue()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What Terraform has made: two functions with their aliases, and their groups."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with mock_aws(config={"lambda": {"use_docker": False}}):
        deployments = boto3.client("codedeploy")
        deployments.create_application(applicationName="persona-ai-prod", computePlatform="Lambda")
        trust = json.dumps({"Version": "2012-10-17", "Statement": []})
        boto3.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument=trust)
        for name in (*FUNCTIONS, "persona-ai-staging-api_handler"):
            add_function(name)
        for name in FUNCTIONS:
            deployments.create_deployment_group(
                applicationName="persona-ai-prod",
                deploymentGroupName=name.removeprefix("persona-ai-prod-"),
                serviceRoleArn=ROLE,
            )
        yield


def add_function(name: str) -> None:
    boto3.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=boto3.client("iam").get_role(RoleName="any")["Role"]["Arn"],
        Handler="app.app",
        Code={"ZipFile": zipped("1")},
        Publish=True,
    )
    boto3.client("lambda").create_alias(FunctionName=name, Name="live", FunctionVersion="1")


def apply(text: str, *names: str) -> None:
    """As Terraform does: new code becomes a new version, to which nothing leads yet."""
    for name in names or FUNCTIONS:
        boto3.client("lambda").update_function_code(
            FunctionName=name, ZipFile=zipped(text), Publish=True
        )


def live() -> set[str]:
    client = boto3.client("lambda")
    return {
        client.get_alias(FunctionName=name, Name="live")["FunctionVersion"] for name in FUNCTIONS
    }


deciding = Lock()
"""What is stopped is not moved any more."""


@contextmanager
def codedeploy(status: str, **of: str) -> Iterator[None]:
    """Play CodeDeploy to its end, which moto leaves out: it moves an alias, or takes it back. A
    group may end in another way than the rest."""
    is_over = Event()

    def play() -> None:
        while not is_over.wait(0.02):
            for deployment in deployments():
                with deciding:
                    _end(deployment, of.get(deployment.deployment_group_name, status))

    player = Thread(target=play)
    player.start()
    try:
        yield
    finally:
        is_over.set()
        player.join()


def _end(deployment: Any, status: str) -> None:
    if deployment.status == "Created":
        if status == "Succeeded":
            _move(deployment.revision)
        deployment.status = status


def _move(revision: Any) -> None:
    content = json.loads(revision["appSpecContent"]["content"])
    asked = content["Resources"][0]["function"]["Properties"]
    boto3.client("lambda").update_alias(
        FunctionName=asked["Name"], Name=asked["Alias"], FunctionVersion=asked["TargetVersion"]
    )


def deployments() -> list[Any]:
    account = codedeploy_backends[ACCOUNT_ID][KEYS["AWS_DEFAULT_REGION"]]
    return list(account.deployments.values())


def _stop(params: Any, **_: object) -> tuple[Any, dict[str, str]]:
    """Stop a deployment, which moto leaves out, too."""
    wanted = json.loads(params["body"])["deploymentId"]
    [stopped] = [each for each in deployments() if each.deployment_id == wanted]
    with deciding:
        stopped.status = "Stopped"
    return AWSResponse("", 200, {}, None), {"status": "Succeeded"}


@pytest.fixture
def prod(delivery: ModuleType, aws: None) -> Any:
    made = delivery.Environment("prod", poll_seconds=0.02)
    made.deployments.meta.events.register("before-call.codedeploy.StopDeployment", _stop)
    return made


def released(delivery: ModuleType, prod: Any, commit: str) -> None:
    apply(commit)
    with codedeploy("Succeeded"):
        delivery.release(prod, commit)


def test_a_release_leads_every_alias_to_the_newest_version(
    delivery: ModuleType, prod: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    released(delivery, prod, "second")
    said = capsys.readouterr().out
    assert live() == {"2"}
    assert said.index("migrated") < said.index("1 -> 2")


def test_a_release_that_the_alarms_take_back_is_not_kept(delivery: ModuleType, prod: Any) -> None:
    released(delivery, prod, "second")
    apply("third")
    with codedeploy("Failed"), pytest.raises(delivery.ReleaseFailed, match="was taken back"):
        delivery.release(prod, "third")
    assert live() == {"2"}
    assert [each["commit"] for each in prod.releases()] == ["second", "unknown"]


@pytest.mark.parametrize("failing", ["api_handler", "migrate"])
def test_where_one_function_is_taken_back_the_others_are_too(
    delivery: ModuleType, prod: Any, failing: str
) -> None:
    released(delivery, prod, "second")
    apply("third")
    with (
        codedeploy("Succeeded", **{failing: "Failed"}),
        pytest.raises(delivery.ReleaseFailed, match=f"{failing} was taken back"),
    ):
        delivery.release(prod, "third")
    assert live() == {"2"}
    delivery.rollback(prod)
    assert live() == {"1"}


def test_a_release_that_cannot_begin_everywhere_leaves_nothing_on_its_way(
    delivery: ModuleType, prod: Any
) -> None:
    add_function("persona-ai-prod-without_group")
    apply("second", *FUNCTIONS, "persona-ai-prod-without_group")
    with codedeploy("Succeeded"), pytest.raises(ClientError):
        delivery.release(prod, "second")
    assert live() == {"1"}
    assert prod.releases() == []
    assert {each.status for each in deployments()} <= {"Stopped", "Succeeded"}


def test_a_rollback_leads_out_of_a_release_that_is_coming(delivery: ModuleType, prod: Any) -> None:
    """Nobody plays CodeDeploy, so the release waits until it is stopped."""
    released(delivery, prod, "second")
    apply("third")
    coming = Thread(target=failing, args=(delivery, prod, "third"))
    coming.start()
    while len([each for each in deployments() if each.status == "Created"]) < len(FUNCTIONS):
        assert coming.is_alive()
        time.sleep(0.01)
    delivery.rollback(prod)
    coming.join()
    assert live() == {"2"}
    assert [each["commit"] for each in prod.releases()] == ["second", "unknown"]


def failing(delivery: ModuleType, prod: Any, commit: str) -> None:
    with pytest.raises(delivery.ReleaseFailed):
        delivery.release(prod, commit)


def test_where_the_migration_fails_no_traffic_is_shifted(delivery: ModuleType, prod: Any) -> None:
    def fail(**_: object) -> tuple[Any, dict[str, Any]]:
        said = io.BytesIO(b'{"errorType": "DatabaseBusy"}')
        return AWSResponse("", 200, {}, None), {"FunctionError": "Unhandled", "Payload": said}

    prod.patient_functions.meta.events.register("before-call.lambda.Invoke", fail)
    apply("second")
    with pytest.raises(delivery.ReleaseFailed, match=r"no traffic was shifted.*DatabaseBusy"):
        delivery.release(prod, "second")
    assert (live(), deployments(), prod.releases()) == ({"1"}, [], [])


@pytest.mark.usefixtures("aws")
def test_who_cannot_go_back_is_told_so(
    delivery: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert delivery.main(["rollback", "prod"]) == 1
    assert "No release before this one of persona-ai-prod" in capsys.readouterr().err


def test_a_rollback_leads_to_the_release_before(delivery: ModuleType, prod: Any) -> None:
    for commit in ("second", "third"):
        released(delivery, prod, commit)
    delivery.rollback(prod)
    assert live() == {"2"}
    delivery.rollback(prod)
    assert live() == {"1"}
    with pytest.raises(delivery.ReleaseFailed, match="No release before this one"):
        delivery.rollback(prod)


def test_after_a_rollback_a_release_goes_on_from_there(delivery: ModuleType, prod: Any) -> None:
    released(delivery, prod, "second")
    delivery.rollback(prod)
    released(delivery, prod, "third")
    assert live() == {"3"}
    delivery.rollback(prod)
    assert live() == {"1"}


def test_other_environments_are_left_alone(delivery: ModuleType, prod: Any) -> None:
    released(delivery, prod, "second")
    name = "persona-ai-staging-api_handler"
    alias = boto3.client("lambda").get_alias(FunctionName=name, Name="live")
    assert alias["FunctionVersion"] == "1"


def test_so_many_releases_are_kept_as_fit_into_a_parameter(delivery: ModuleType, prod: Any) -> None:
    functions = {f"persona-ai-staging-persona_generator_{n}": "1234" for n in range(12)}
    prod.keep([{"commit": "0" * 40, "versions": functions}] * 20)
    assert len(prod.releases()) == delivery.KEPT
    assert len(json.dumps(prod.releases(), separators=(",", ":"))) < 4096


def smoke(checkout: Path, url: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - our own script
        [sys.executable, checkout / "scripts" / "smoke", url],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_smoke_test_passes_on_the_api(stack: Stack, checkout: Path) -> None:
    from app import app  # noqa: PLC0415 - once the stack's settings are in the environment

    server = server_of(app, 0)
    runner = Thread(target=server.serve_forever)
    runner.start()
    done = smoke(checkout, f"http://127.0.0.1:{server.server.server_port}/")
    server.shutdown()
    runner.join()
    server.server.server_close()
    assert (done.returncode, done.stdout.count("as it should be")) == (0, 4), done.stdout


def test_the_smoke_test_fails_on_another_server(stack: Stack, checkout: Path) -> None:
    done = smoke(checkout, f"http://127.0.0.1:{stack.port_of['vendors']}")
    assert done.returncode == 1
    assert "GET /health: " in done.stdout
