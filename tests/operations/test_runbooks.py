"""Every alarm has a page that says what to look at and do, and what the page names is there."""

import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import botocore.session
import pytest
import sqlalchemy as sa
from botocore.exceptions import UnknownServiceError
from botocore.waiter import WaiterModel
from sqlalchemy.orm import Session

from chalicelib.core.models import JobStatus
from local.cli import _parser as local_parser
from tests.operations.pages import Operation, Page, pages

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDER = CHECKOUT / "docs" / "runbooks"
ALARMS = (CHECKOUT / "terraform/modules/observability/alarms.tf").read_text()
WITHOUT_ALARM = {"README", "rollback", "restore", "promote"}
PAGES = pages(FOLDER)
OF_ALARMS = [page for page in PAGES if page.name not in WITHOUT_ALARM]

# https://docs.aws.amazon.com: what each service measures, as far as pages name it.
OF_AWS = {
    "AWS/ApiGateway": {"5XXError", "4XXError", "Latency", "Count"},
    "AWS/Lambda": {"Errors", "Throttles", "Duration", "ConcurrentExecutions"},
    "AWS/SQS": {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"},
    "AWS/NATGateway": {"ErrorPortAllocation", "ActiveConnectionCount"},
    "AWS/ElastiCache": {
        *("DatabaseMemoryUsagePercentage", "EngineCPUUtilization", "Evictions", "CacheHitRate"),
        *("CurrConnections", "NewConnections"),
    },
    "AWS/RDS": {
        *("CPUUtilization", "FreeStorageSpace", "FreeableMemory", "SwapUsage", "ReplicaLag"),
        *("DatabaseConnections", "ReadIOPS", "WriteIOPS", "TransactionLogsDiskUsage"),
        *("OldestReplicationSlotLag", "DatabaseConnectionsBorrowLatency", "ClientConnections"),
        "DatabaseConnectionsCurrentlySessionPinned",
    },
}
# Logs Insights: its own words, and the fields that it finds by itself in lines of Lambda.
OF_INSIGHTS = {
    *("fields", "filter", "stats", "sort", "limit", "by", "as", "desc", "asc", "like", "and", "or"),
    *("in", "count", "avg", "max", "min", "sum", "pct", "bin", "not"),
    *("@timestamp", "@message", "@type", "@duration", "@maxMemoryUsed", "@memorySize"),
    "@initDuration",
}
OF_THE_CLI = {"query", "output", "region", "cli-binary-format"}
OTHERWISE_NAMED = {"deploy": "codedeploy"}


@pytest.fixture(scope="module")
def look() -> ModuleType:
    spec = importlib.util.spec_from_file_location("look", CHECKOUT / "scripts" / "look.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def source() -> str:
    """Everything that a page may name a part of."""
    kinds = ("chalicelib/**/*.py", "terraform/**/*.tf", "terraform/**/*.tfvars", "docs/faults.md")
    files = [path for kind in kinds for path in CHECKOUT.glob(kind)]
    files += [CHECKOUT / ".chalice" / "config.json", CHECKOUT / "chalicelib/spending/prices.json"]
    return "\n".join(path.read_text() for path in files)


@cache
def aws(service: str) -> botocore.model.ServiceModel:
    name = OTHERWISE_NAMED.get(service, service)
    return botocore.session.get_session().get_service_model(name)


def alarms() -> Iterator[tuple[str, str]]:
    """Yield the page and the metric of each alarm."""
    for line in re.findall(r"runbook\s*=.*", ALARMS):
        found = re.match(r'runbook\s*=\s*"([a-z-]+)".*?metric = "(\w+)"', line)
        assert found, line
        yield found[1], found[2]


def test_every_alarm_has_its_page_and_every_page_its_alarm() -> None:
    assert {page for page, _ in alarms()} == {page.name for page in OF_ALARMS}


def test_every_page_is_in_the_list() -> None:
    listed = {link.removesuffix(".md") for link in Page(FOLDER / "README.md").links}
    assert {page.name for page in PAGES} - {"README"} <= listed


@pytest.mark.parametrize("page", OF_ALARMS, ids=lambda page: page.name)
def test_a_page_says_what_is_measured_where_to_look_and_what_to_do(page: Page) -> None:
    assert page.text.startswith(f"# {page.name}\n")
    for metric in {metric for name, metric in alarms() if name == page.name}:
        assert f"`{metric}`" in page.text
    _, _, rest = page.text.partition("\n## Look\n")
    looking, _, doing = rest.partition("\n## Do\n")
    assert "```sh" in looking
    assert len(doing.split()) > 40


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_leads_to_pages_that_are_there(page: Page) -> None:
    assert [link for link in page.links if not (FOLDER / link).is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_scripts_and_targets_of_a_page_are_there(page: Page) -> None:
    targets = set(re.findall(r"^([a-z]+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    made = [re.findall(r"\bmake ([a-z]+)", each) for each in [*page.words, *page.commands]]
    assert {target for found in made for target in found} <= targets
    places = r"\b(?:scripts|terraform|tests|chalicelib|docs)/[\w/.-]*\w"
    named = set(re.findall(places, " ".join(page.words + page.commands)))
    assert [name for name in named if not (CHECKOUT / name).exists()] == []
    for module, *arguments in page.calls("python"):
        assert module == "-m"
        if arguments[0] == "local":
            local_parser().parse_args(arguments[1:])
        else:
            assert (CHECKOUT / arguments[0] / f"{arguments[1]}.py").is_file()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_asks_of_aws_can_be_asked(page: Page) -> None:
    for operation in page.operations:
        options = set(operation.options) - OF_THE_CLI
        assert options <= known_options(operation), operation


def known_options(operation: Operation) -> set[str]:
    try:
        model = aws(operation.service)
    except UnknownServiceError:
        pytest.fail(f"AWS has no service {operation.service}")
    names = {botocore.xform_name(name, "-"): name for name in model.operation_names}
    name = operation.name
    if operation.waited_for:
        loader = botocore.session.get_session().get_component("data_loader")
        waiters = WaiterModel(loader.load_service_model(operation.service, "waiters-2"))
        waits = {botocore.xform_name(each, "-"): each for each in waiters.waiter_names}
        assert operation.waited_for in waits, operation
        waited = waiters.get_waiter(waits[operation.waited_for]).operation
        name = botocore.xform_name(waited, "-")
    assert name in names, operation
    shape = model.operation_model(names[name]).input_shape
    known = set()
    for member, of in shape.members.items():
        option = botocore.xform_name(member, "-")
        known |= {option, f"no-{option}"} if of.type_name == "boolean" else {option}
    return known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_looks_at_is_there(page: Page, look: ModuleType) -> None:
    for arguments in filter(None, page.calls("scripts/look")):
        asked = look.parser().parse_args(arguments)
        if asked.look is look.metric:
            assert is_measured(asked.metric, asked.of, dict(asked.by)), arguments
        elif asked.look is look.logs:
            assert asked.where in {"access", "postgres", *functions()}, arguments
            assert unknown_in(asked.query) == [], arguments


def is_measured(metric: str, of: str | None, by: dict[str, str]) -> bool:
    if of is not None:
        functions_named = {name.removeprefix("persona-ai-prod-") for name in functions()}
        function = by.get("FunctionName", "").removeprefix("persona-ai-prod-")
        return metric in OF_AWS[of] and (not function or function in functions_named)
    text = (CHECKOUT / "docs" / "observability.md").read_text()
    rows = [row.split("|") for row in text.splitlines() if row.startswith("| `")]
    dimensions = next((row[2] for row in rows if f"`{metric}`" in row[1]), "never")
    allowed = [set(re.findall(r"\w+", each)) - {"all"} for each in dimensions.split(";")]
    is_known = all(re.search(rf'"{value}"', source()) for value in by.values())
    return set(by) in allowed and is_known


def functions() -> set[str]:
    text = (CHECKOUT / "terraform" / "functions" / "functions.tf").read_text()
    return set(re.findall(r"^    (\w+) = \{$", text, re.MULTILINE))


def unknown_in(query: str) -> list[str]:
    """Return the fields that no line of ours has, and the messages that nobody logs."""
    patterns = re.sub(r"/[^/]+/", "", query)
    messages = re.findall(r'message (?:= |in \[)((?:"[^"]+"(?:, )?)+)', patterns)
    said = [text for each in messages for text in re.findall(r'"([^"]+)"', each)]
    names = set(re.findall(r"(?<!\w)@?[A-Za-z_]\w*", re.sub(r'"[^"]*"', "", patterns)))
    own = {*re.findall(r"as (\w+)", patterns), *OF_INSIGHTS, "message", "level"}
    fields = names - own
    lacking = [name for name in fields if not re.search(rf'"{name}"|\b{name}\s*=', source())]
    return [*lacking, *(text for text in said if f'"{text}"' not in source())]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_names_in_a_page_are_names_of_something(page: Page) -> None:
    blocks = " ".join([*page.statements, *page.commands])
    known = source() + blocks + " ".join(status.value for status in JobStatus)
    classes = {
        re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
        for name in re.findall(r"^class (\w+)\(", source(), re.MULTILINE)
    }
    words = {word for word in page.words if re.fullmatch(r"[a-z]+(_[a-z]+)+", word)}
    assert [word for word in words - classes if not re.search(rf"\b{word}\b", known)] == []


def test_the_sql_of_the_pages_runs(session: Session) -> None:
    ran = 0
    for page in PAGES:
        for statement in page.statements:
            with session.bind.connect() as connection:  # type: ignore[union-attr]
                connection.exec_driver_sql("BEGIN")
                try:
                    connection.exec_driver_sql(statement)
                except sa.exc.DBAPIError as error:
                    pytest.fail(f"{page.name}: {error}")
                finally:
                    connection.exec_driver_sql("ROLLBACK")
            ran += 1
    assert ran > 15
