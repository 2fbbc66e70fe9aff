import json
import socket
import stat
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
import sqlalchemy as sa
from botocore.config import Config
from botocore.exceptions import ClientError
from jose import jws, jwt

from local.guardian import is_same_process
from local.home import AlreadyRunning
from local.ports import HOST
from local.settings import BUCKET
from local.stack import BACKING, Stack


def query(url: str, text: str) -> list[tuple[object, ...]]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        answer = connection.execute(sa.text(text))
        return [tuple(row) for row in answer] if answer.returns_rows else []


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url) as answer:  # noqa: S310 - the emulator's own URL
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_every_service_has_a_port_and_a_log(stack: Stack) -> None:
    assert set(stack.processes) == set(stack.port_of) == set(BACKING)
    assert all(stack.home.log(name).exists() for name in BACKING)
    assert stack.death() is None


def test_the_state_says_what_runs_to_its_owner_alone(stack: Stack) -> None:
    state = stack.home.read_state()
    assert state["env"] == stack.env
    assert state["ports"] == stack.port_of
    assert list(state["pids"]) == list(BACKING)
    assert is_same_process(state["pid"], state["identity"])
    for file in (stack.home.state, stack.home.settings, stack.home.secrets):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_second_stack_in_the_same_directory_is_refused(stack: Stack) -> None:
    with pytest.raises(AlreadyRunning, match="is running in"), Stack(stack.directory):
        pytest.fail("it runs")


def test_the_servers_listen_to_this_machine_alone(stack: Stack) -> None:
    ports = {f"{port:04X}" for port in stack.port_of.values()}
    table = Path("/proc/net/tcp")
    if not table.exists():
        pytest.skip("no table of sockets here")
    rows = [line.split() for line in table.read_text().splitlines()[1:]]
    addresses = [row[1].split(":") for row in rows if row[3] == "0A"]
    assert {address for address, port in addresses if port in ports} == {"0100007F"}


def test_the_application_owns_its_database_and_is_no_superuser(stack: Stack) -> None:
    (row,) = query(
        stack.env["DATABASE_URL"],
        "SELECT current_user, rolsuper, pg_get_userbyid(datdba), datcollate, datlocale"
        " FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()",
    )
    assert row == ("persona", False, "persona", "C", "C.UTF-8")


def test_a_wrong_password_is_refused(stack: Stack) -> None:
    url = sa.make_url(stack.env["DATABASE_URL"]).set(password="wrong")
    with pytest.raises(sa.exc.OperationalError, match="password authentication failed"):
        query(url.render_as_string(hide_password=False), "SELECT 1")


def test_what_is_written_on_the_primary_is_read_on_the_standby(stack: Stack) -> None:
    primary, standby = stack.env["DATABASE_URL"], stack.env["DATABASE_REPLICA_URL"]
    query(primary, "CREATE TABLE streamed AS SELECT 42 AS answer")
    (row,) = query(primary, "SELECT pg_current_wal_lsn()::text")
    catch_up = (
        "DO $$ BEGIN FOR tick IN 1..500 LOOP"
        f"   EXIT WHEN pg_last_wal_replay_lsn() >= '{row[0]}'; PERFORM pg_sleep(0.01);"
        " END LOOP; END $$"
    )
    query(standby, catch_up)
    assert query(standby, "SELECT answer FROM streamed") == [(42,)]
    query(primary, "DROP TABLE streamed")


def test_the_standby_refuses_writes(stack: Stack) -> None:
    with pytest.raises(sa.exc.InternalError, match="read-only transaction"):
        query(stack.env["DATABASE_REPLICA_URL"], "CREATE TABLE written ()")


def test_values_do_not_reach_the_log_of_the_database(stack: Stack) -> None:
    url = stack.env["DATABASE_URL"]
    query(url, "CREATE TABLE emails (address text PRIMARY KEY)")
    insert = "INSERT INTO emails VALUES ('ada-in-no-log@example.com')"
    query(url, insert)
    with pytest.raises(sa.exc.IntegrityError):
        query(url, insert)
    with pytest.raises(sa.exc.ProgrammingError):
        query(url, "SELECT no_such_column, 'ada-in-no-log@example.com'")
    query(url, "DROP TABLE emails")
    assert "ada-in-no-log" not in stack.home.log("postgres").read_text()


def test_the_cache_is_a_valkey_that_forgets_what_is_old(stack: Stack) -> None:
    with socket.create_connection((HOST, stack.port_of["valkey"]), timeout=5) as client:
        client.sendall(b"INFO server\r\nCONFIG GET maxmemory-policy\r\nQUIT\r\n")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert b"server_name:valkey" in answer
    assert b"allkeys-lru" in answer


@pytest.mark.usefixtures("stack")
def test_the_queue_gives_up_on_a_message_after_five_receives() -> None:
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="generation")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert found["VisibilityTimeout"] == "1080"
    redrive = json.loads(found["RedrivePolicy"])
    assert int(redrive["maxReceiveCount"]) == 5
    assert redrive["deadLetterTargetArn"].endswith(":generation-dlq")
    url = sqs.get_queue_url(QueueName="generation-dlq")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert found["MessageRetentionPeriod"] == str(14 * 24 * 3600)


@pytest.mark.usefixtures("stack")
def test_a_presigned_url_is_refused_when_it_is_expired_or_altered() -> None:
    s3 = boto3.client("s3", config=Config(signature_version="s3v4"))
    s3.put_object(Bucket=BUCKET, Key="a portrait.png", Body=b"png")

    def signed(seconds: int) -> str:
        key = {"Bucket": BUCKET, "Key": "a portrait.png"}
        url: str = s3.generate_presigned_url("get_object", Params=key, ExpiresIn=seconds)
        return url

    fresh = signed(60)
    assert status_of(fresh) == 200
    assert status_of(f"{fresh[:-4]}0000") == 403
    assert status_of(fresh.replace("Expires=60", "Expires=9999")) == 403
    assert status_of(urlsplit(fresh)._replace(query="").geturl()) == 403
    assert status_of(signed(-1)) in {400, 403}


@pytest.mark.usefixtures("stack")
def test_an_unknown_access_key_is_refused() -> None:
    stranger = boto3.client("sqs", aws_access_key_id="AKIASTRANGER", aws_secret_access_key="x")
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        stranger.list_queues()


def test_a_user_of_the_pool_has_tokens_of_the_second_issuer(stack: Stack) -> None:
    cognito, password = boto3.client("cognito-idp"), "Chess-at-night-1"
    pool = stack.env["COGNITO_ISSUER"].rpartition("/")[2]
    user = {"UserPoolId": pool, "Username": "ada@example.com"}
    cognito.admin_create_user(**user, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(**user, Password=password, Permanent=True)
    answer = cognito.initiate_auth(
        ClientId=stack.env["COGNITO_CLIENT_ID"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada@example.com", "PASSWORD": password},
    )
    cognito.admin_delete_user(**user)
    token = answer["AuthenticationResult"]["IdToken"]
    claims = jwt.get_unverified_claims(token)
    assert claims["iss"] == stack.env["COGNITO_ISSUER"]
    assert claims["aud"] == stack.env["COGNITO_CLIENT_ID"]
    with urllib.request.urlopen(stack.env["COGNITO_JWKS_URL"]) as directory:  # noqa: S310 - ours
        assert jws.verify(token, json.load(directory), "RS256")
