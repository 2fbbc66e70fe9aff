"""New passwords for the settings, step by step, as Secrets Manager asks for them."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError, ProgrammingError

from chalicelib.workers.rotation import NotProposed, Step, rotation
from local.stack import Stack
from tests.conftest import Log
from tests.receiver import settings_with

Rotate = Callable[..., dict[str, Any]]

DEADLINES = {
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
}
"""Those that the migrations give the role that they run as."""


@pytest.fixture
def roles(stack: Stack) -> Iterator[tuple[str, str, str]]:
    """The address of the database's owner, and two roles that are not there yet."""
    password = json.loads(stack.home.secrets.read_text())["superuser_password"]
    options = " ".join(f"-c {name}={value}" for name, value in DEADLINES.items())
    owner = (
        sa.make_url(stack.env["DATABASE_URL"])
        .set(username="postgres", password=password)
        .update_query_dict({"options": options})
    )
    prefix = f"rotated_{uuid4().hex[:8]}"
    names = [f"{prefix}_{each}" for each in "ab"]
    yield (owner.render_as_string(hide_password=False), names[0], names[1])
    engine = sa.create_engine(owner, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for name in names:
            connection.execute(sa.text(f"DROP ROLE IF EXISTS {name}"))


@pytest.fixture
def rotate(stack: Stack, roles: tuple[str, str, str]) -> Iterator[Rotate]:
    """Do the steps of a rotation; return the settings that are in force then."""
    secrets, cache = boto3.client("secretsmanager"), boto3.client("elasticache")
    owner, *names = roles
    name = f"rotation/{uuid4()}"
    secrets.create_secret(Name=name, SecretString=json.dumps({"card_key": "kept"}))
    for role in names:
        secrets.create_secret(Name=role)
    cache.create_user(
        UserId=names[0],
        UserName=names[0],
        Engine="valkey",
        AccessString="on ~* +@all",
        AuthenticationMode={"Type": "iam"},
    )
    url = sa.make_url(stack.env["DATABASE_URL"])
    place = f"{url.drivername}://{{role}}:{{password}}@{url.host}:{url.port}/{url.database}"
    places = {
        "database_url": place,
        "database_replica_url": place,
        "redis_url": "rediss://{role}:{password}@cache:6379/0",
        "role_secrets": {role: role for role in names},
        "cache_user": names[0],
    }

    def steps(*wanted: Step, version: str | None = None, times: int = 1) -> dict[str, Any]:
        event = {"SecretId": name, "ClientRequestToken": version or str(uuid4())}
        for step in wanted or tuple(Step):
            for _ in range(times):
                rotation({**event, "Step": step.value}, None)
        found: dict[str, Any] = json.loads(secrets.get_secret_value(SecretId=name)["SecretString"])
        return found

    with settings_with(DATABASE_URL=owner, ROTATION=json.dumps(places)):
        yield steps
    for each in (name, *names):
        secrets.delete_secret(SecretId=each, ForceDeleteWithoutRecovery=True)
    cache.delete_user(UserId=names[0])


def ask(url: str, statement: str) -> Any:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        answer = connection.execute(sa.text(statement))
        return answer.scalar() if answer.returns_rows else None


def test_the_application_reads_and_writes_and_owns_nothing(
    rotate: Rotate, roles: tuple[str, str, str]
) -> None:
    settings = rotate()
    url = settings["database_url"]
    assert settings["card_key"] == "kept"
    assert ask(url, "SELECT current_user") == roles[1]
    assert ask(url, "SELECT count(*) FROM jobs WHERE false") == 0
    ask(url, "DELETE FROM jobs WHERE false")
    for forbidden in ("CREATE TABLE mine (id int)", "DROP TABLE jobs", "TRUNCATE jobs"):
        with pytest.raises(ProgrammingError):
            ask(url, forbidden)


def test_the_server_keeps_the_owner_s_deadlines_for_the_application(rotate: Rotate) -> None:
    url = rotate()["database_url"]
    for name, value in DEADLINES.items():
        assert ask(url, f"SHOW {name}") == value


def test_a_table_that_comes_later_is_the_application_s_too(
    rotate: Rotate, roles: tuple[str, str, str]
) -> None:
    url = rotate()["database_url"]
    name = f"later_{uuid4().hex[:8]}"
    ask(roles[0], f"CREATE TABLE {name} (id int)")
    try:
        assert ask(url, f"TABLE {name}") is None
    finally:
        ask(roles[0], f"DROP TABLE {name}")


def test_whoever_has_the_settings_of_before_is_let_in_until_the_month_after(
    rotate: Rotate,
) -> None:
    first, second = rotate(), rotate()
    users = [sa.make_url(each["database_url"]).username for each in (first, second)]
    assert len(set(users)) == 2
    for each in (first, second):
        assert ask(each["database_url"], "SELECT 1") == 1
    third = rotate()
    assert sa.make_url(third["database_url"]).username == users[0]
    with pytest.raises(OperationalError):
        ask(first["database_url"], "SELECT 1")


def test_a_step_that_comes_twice_changes_nothing(rotate: Rotate) -> None:
    version = str(uuid4())
    settings = rotate(version=version, times=2)
    assert rotate(Step.SET, Step.TEST, Step.FINISH, version=version) == settings
    assert ask(settings["database_url"], "SELECT 1") == 1


def test_a_rotation_that_begins_again_goes_on_with_what_it_proposed(rotate: Rotate) -> None:
    version = str(uuid4())
    rotate(Step.CREATE, Step.SET, version=version)
    settings = rotate(Step.CREATE, Step.TEST, Step.FINISH, version=version)
    assert ask(settings["database_url"], "SELECT 1") == 1


def test_nothing_is_in_force_before_the_last_step(rotate: Rotate) -> None:
    assert rotate(Step.CREATE, Step.SET, Step.TEST) == {"card_key": "kept"}


def test_the_proxy_and_the_cache_s_address_are_told(
    rotate: Rotate, roles: tuple[str, str, str]
) -> None:
    settings = rotate()
    url = sa.make_url(settings["database_url"])
    told = boto3.client("secretsmanager").get_secret_value(SecretId=url.username)
    assert json.loads(told["SecretString"]) == {"username": url.username, "password": url.password}
    assert settings["redis_url"] == f"rediss://{roles[1]}:{settings['cache_password']}@cache:6379/0"


def test_a_password_that_does_not_hold_is_found_out(rotate: Rotate) -> None:
    version = str(uuid4())
    rotate(Step.CREATE, version=version)
    with pytest.raises(OperationalError):
        rotate(Step.TEST, version=version)


def test_a_version_that_nobody_proposed_is_refused(rotate: Rotate) -> None:
    with pytest.raises(NotProposed):
        rotate(Step.SET)


def test_no_password_is_in_a_log(rotate: Rotate, log: Log) -> None:
    settings = rotate()
    said = json.dumps(log.lines)
    assert [line["step"] for line in log.lines] == [step.value for step in Step]
    for secret in (settings["cache_password"], sa.make_url(settings["database_url"]).password):
        assert str(secret) not in said
