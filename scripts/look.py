"""Look at an environment: which alarms stand, what a metric was, what the logs say.

scripts/look prod alarms
scripts/look prod metric OldestJobSeconds --by kind=generate_persona
scripts/look prod metric CPUUtilization --of AWS/RDS --by DBInstanceIdentifier=persona-ai-prod
scripts/look prod logs persona_generator 'filter level = "warning" | stats count(*) by message'
scripts/look prod logs access 'filter status >= 500 | stats count(*) by route'
"""

import argparse
import sys
import time
from argparse import Namespace
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import boto3

APPLICATION = "persona-ai"
POLL_SECONDS = 1.0
STATISTICS = ["Average", "Maximum", "Minimum", "Sum", "SampleCount"]
MOST_POINTS = 60


def main() -> int:
    arguments = parser().parse_args()
    arguments.name = f"{APPLICATION}-{arguments.environment}"
    lines = list(arguments.look(arguments))
    print("\n".join(lines) or "nothing")
    return 0


def alarms(arguments: Namespace) -> Iterable[str]:
    """Return what stands, and why CloudWatch says it does."""
    pages = boto3.client("cloudwatch").get_paginator("describe_alarms")
    for page in pages.paginate(AlarmNamePrefix=f"{arguments.name}-"):
        for alarm in page["MetricAlarms"]:
            if alarm["StateValue"] != "ALARM":
                continue
            since = alarm["StateUpdatedTimestamp"]
            yield f"{alarm['AlarmName']} since {since:%H:%M}: {alarm['AlarmDescription']}"
            yield f"    {alarm['StateReason']}"


def metric(arguments: Namespace) -> Iterable[str]:
    until = datetime.now(UTC)
    period = max(60, 60 * (arguments.minutes // MOST_POINTS))
    said = boto3.client("cloudwatch").get_metric_statistics(
        Namespace=arguments.of or arguments.name,
        MetricName=arguments.metric,
        Dimensions=[dict(zip(("Name", "Value"), each, strict=True)) for each in arguments.by],
        StartTime=until - timedelta(minutes=arguments.minutes),
        EndTime=until,
        Period=period,
        Statistics=[arguments.statistic],
    )
    for point in sorted(said["Datapoints"], key=lambda each: each["Timestamp"]):
        yield f"{point['Timestamp']:%H:%M}  {point[arguments.statistic]:g}"


def logs(arguments: Namespace) -> Iterable[str]:
    client, until = boto3.client("logs"), int(time.time())
    query = client.start_query(
        logGroupName=group(arguments.name, arguments.where),
        startTime=until - 60 * arguments.minutes,
        endTime=until,
        queryString=arguments.query,
    )["queryId"]
    while True:
        said = client.get_query_results(queryId=query)
        if said["status"] not in {"Scheduled", "Running"}:
            break
        time.sleep(POLL_SECONDS)
    if said["status"] != "Complete":
        sys.exit(f"The query has ended as {said['status']}.")
    for row in said["results"]:
        yield "  ".join(f"{each['field']}={each['value']}" for each in shown(row))


def shown(row: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    return [each for each in row if each["field"] != "@ptr"]


def group(name: str, where: str) -> str:
    """Return the log group of a function, of the API's access log, or of PostgreSQL."""
    special = {"access": f"/{name}/access", "postgres": f"/aws/rds/instance/{name}/postgresql"}
    return special.get(where, f"/aws/lambda/{name}-{where}")


def dimension(text: str) -> list[str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError("say it as NAME=VALUE")
    return [name, value]


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="scripts/look")
    made.add_argument("environment", choices=["dev", "staging", "prod"])
    looks = made.add_subparsers(required=True, metavar="alarms | metric | logs")
    looks.add_parser("alarms").set_defaults(look=alarms)
    measuring = looks.add_parser("metric")
    measuring.add_argument("metric")
    measuring.add_argument("--of", metavar="NAMESPACE", help="default: the application's own")
    measuring.add_argument("--by", type=dimension, nargs="*", default=[], metavar="NAME=VALUE")
    measuring.add_argument("--statistic", choices=STATISTICS, default="Maximum")
    measuring.add_argument("--minutes", type=int, default=60)
    measuring.set_defaults(look=metric)
    reading = looks.add_parser("logs")
    reading.add_argument("where", help="a function, or `access` or `postgres`")
    reading.add_argument("query", help="in the language of Logs Insights")
    reading.add_argument("--minutes", type=int, default=60)
    reading.set_defaults(look=logs)
    return made


if __name__ == "__main__":
    sys.exit(main())
