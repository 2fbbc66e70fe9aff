"""`scripts/look` shows what CloudWatch has of an environment, and changes nothing."""

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import ModuleType

import boto3
import pytest
from moto import mock_aws

from tests.adapters.aws import KEYS
from tests.operations.test_runbooks import look

__all__ = ["look"]


@pytest.fixture
def cloudwatch(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield


def shown(look: ModuleType, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["look", "prod", *arguments])
    assert look.main() == 0


def add_alarm(name: str, state: str) -> None:
    client = boto3.client("cloudwatch")
    client.put_metric_alarm(
        AlarmName=name,
        AlarmDescription="A job is old. See docs/runbooks/oldest-job.md",
        Namespace="persona-ai-prod",
        MetricName="OldestJobSeconds",
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=3,
        ComparisonOperator="GreaterThanThreshold",
        Threshold=900,
    )
    client.set_alarm_state(AlarmName=name, StateValue=state, StateReason="1203 is above 900")


@pytest.mark.usefixtures("cloudwatch")
def test_the_alarms_that_stand_are_shown_with_their_pages(
    look: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown(look, monkeypatch, "alarms")
    assert capsys.readouterr().out == "nothing\n"
    add_alarm("persona-ai-prod-oldest-job", "ALARM")
    add_alarm("persona-ai-prod-spend", "OK")
    add_alarm("persona-ai-staging-oldest-job", "ALARM")
    shown(look, monkeypatch, "alarms")
    said = capsys.readouterr().out
    assert "persona-ai-prod-oldest-job since" in said
    assert "docs/runbooks/oldest-job.md\n    1203 is above 900\n" in said
    assert "spend" not in said
    assert "staging" not in said


@pytest.mark.usefixtures("cloudwatch")
def test_a_metric_is_shown_by_its_dimensions(
    look: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    of_kind = [{"Name": "kind", "Value": "deliver_webhook"}]
    oldest = {
        "MetricName": "OldestJobSeconds",
        "Timestamp": datetime.now(UTC) - timedelta(minutes=2),
    }
    data = [oldest | {"Value": 1203.0}, oldest | {"Value": 4.5, "Dimensions": of_kind}]
    boto3.client("cloudwatch").put_metric_data(Namespace="persona-ai-prod", MetricData=data)
    named = ("metric", "OldestJobSeconds")
    shown(look, monkeypatch, *named, "--by", "kind=deliver_webhook")
    assert capsys.readouterr().out.split()[1:] == ["4.5"]
    shown(look, monkeypatch, *named, "--of", "AWS/SQS")
    assert capsys.readouterr().out == "nothing\n"


@pytest.mark.usefixtures("cloudwatch")
def test_a_function_s_log_is_asked(
    look: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    where = {"logGroupName": "/aws/lambda/persona-ai-prod-sweeper", "logStreamName": "one"}
    client = boto3.client("logs")
    client.create_log_group(logGroupName=where["logGroupName"])
    client.create_log_stream(**where)
    line = json.dumps({"message": "swept", "sent": 3})
    client.put_log_events(
        **where, logEvents=[{"timestamp": int(time.time() * 1000) - 5000, "message": line}]
    )
    shown(look, monkeypatch, "logs", "sweeper", "fields @timestamp, @message | limit 10")
    assert '"sent": 3' in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [("sandbox", "alarms"), ("prod", "metric"), ("prod", "metric", "Jobs", "--by", "status")],
)
def test_what_is_not_understood_is_refused(
    look: ModuleType, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setattr(sys, "argv", ["look", *arguments])
    with pytest.raises(SystemExit):
        look.main()
