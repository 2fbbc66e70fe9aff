"""Use what was applied as people and operators do: through the gateway's address, and by invoking
the functions that have no address. Every right of every function is asked for on the way."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, repeat
from queue import Queue
from threading import Thread
from typing import Any
from uuid import uuid4

import boto3
import requests
import sqlalchemy as sa

from local import demo
from local.demo import Client, DemoFailed, watch
from local.ports import HOST
from local.rehearsal.infrastructure import NAME
from local.settings import WEBHOOK_PORT
from local.sign_in import sign_in
from local.vendors.control import Control

TIMEOUT = 20
PATIENCE_SECONDS = 120
HEARD_SECONDS = 30
QUEUES = ("generation", "webhooks")

Heard = Queue[Mapping[str, Any]]


class Deployed:
    """What was applied: the address of its API, and its functions."""

    def __init__(self) -> None:
        self._functions = boto3.client("lambda")
        self._queues = boto3.client("sqs")

    @property
    def api_url(self) -> str:
        gateway = boto3.client("apigateway")
        (api,) = (each for each in gateway.get_rest_apis()["items"] if each["name"] == NAME)
        return f"{gateway.meta.endpoint_url}/_aws/execute-api/{api['id']}/v1"

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        answer = self._functions.invoke(
            FunctionName=f"{NAME}-{function}", Qualifier="live", Payload=json.dumps(event).encode()
        )
        said = answer["Payload"].read().decode()
        if "FunctionError" in answer:
            raise DemoFailed(f"{function} has failed: {said}")
        return json.loads(said)

    def require_health(self) -> None:
        """The first request waits until the emulator has unpacked the zip, and may give up."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            with suppress(requests.RequestException):
                answer = requests.get(f"{self.api_url}/health", timeout=TIMEOUT)
                if answer.status_code == HTTPStatus.OK:
                    return
        raise DemoFailed(f"the API is not healthy after {PATIENCE_SECONDS} s")

    def rotate(self, secret: str) -> None:
        version = str(uuid4())
        arn = boto3.client("secretsmanager").describe_secret(SecretId=f"{NAME}/{secret}")["ARN"]
        for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
            event = {"Step": step, "SecretId": arn, "ClientRequestToken": version}
            self.invoke("rotation", event)

    @contextmanager
    def deaf_workers(self) -> Iterator[None]:
        """Let no function hear its queue for a while."""
        found = self._functions.list_event_source_mappings()["EventSourceMappings"]
        mappings = [each["UUID"] for each in found]
        for mapping in mappings:
            self._functions.update_event_source_mapping(UUID=mapping, Enabled=False)
        yield
        for mapping in mappings:
            self._functions.update_event_source_mapping(UUID=mapping, Enabled=True)

    def send(self, queue: str, message: Mapping[str, Any]) -> None:
        self._queues.send_message(QueueUrl=self._url(queue), MessageBody=json.dumps(message))

    def purge(self, queues: Iterable[str]) -> None:
        for queue in queues:
            self._queues.purge_queue(QueueUrl=self._url(queue))

    def _url(self, queue: str) -> str:
        return str(self._queues.get_queue_url(QueueName=f"{NAME}-{queue}")["QueueUrl"])

    def tell(self, secret: str, settings: Mapping[str, str]) -> None:
        """Write settings into a secret, as an operator does once the databases have addresses."""
        secrets = boto3.client("secretsmanager")
        kept = secrets.get_secret_value(SecretId=f"{NAME}/{secret}")["SecretString"]
        told = json.dumps({**json.loads(kept), **settings})
        secrets.put_secret_value(SecretId=f"{NAME}/{secret}", SecretString=told)


def walk(deployed: Deployed, env: Mapping[str, str], vendors: Control) -> None:
    here = {**env, "API_URL": deployed.api_url}
    print(f"\n== `make demo`'s walk, at {here['API_URL']}")
    deployed.require_health()
    demo.walk(here)
    print("\n== What else people and operators do")
    database = sa.create_engine(env["DATABASE_URL"], poolclass=sa.NullPool)
    client = Client(here["API_URL"], sign_in(here, "Rehearsal")["access_token"])
    with receiver() as heard:
        persona = stumble(client, vendors, heard)
        lose_messages(client, deployed, database, heard)
    carry_cards(client, persona)
    talk(client)
    delete(client, persona, deployed, database)
    redrive(deployed)
    rotate(client, deployed)


def stumble(client: Client, vendors: Control, heard: Heard) -> Mapping[str, Any]:
    """The vendor fails once it is paid: the next attempt looks for what this one has stored. The
    receiver fails once, too."""
    vendors.fail("poll", "500", times=3)
    client.call("POST", "/personas/generate", json=wish("Grace"))
    persona = watch(client)
    refused, told = (heard.get(timeout=HEARD_SECONDS) for _ in range(2))
    if told != refused:
        raise DemoFailed(f"a receiver that was down was told {told} in place of {refused}")
    print(f"a receiver that was down once was told: {told['type']}")
    return persona


def lose_messages(client: Client, deployed: Deployed, database: sa.Engine, heard: Heard) -> None:
    """No worker hears the queues, and what is in them is lost: the sweeper sends it again."""
    with deployed.deaf_workers():
        asked = client.call("POST", "/personas/generate", json=wish("Nobody"))
        client.call("POST", f"/jobs/{asked['job']['id']}/cancel")
        client.call("POST", "/personas/generate", json=wish("Iris"))
        deployed.purge(QUEUES)
        with database.begin() as connection:
            connection.execute(
                sa.text(
                    "UPDATE jobs SET sent_at = now() - interval '1 hour',"
                    " queued_at = now() - interval '1 hour' WHERE status = 'queued'"
                )
            )
        deployed.invoke("sweeper", tick())
    made = watch(client)
    types = {heard.get(timeout=HEARD_SECONDS)["type"] for _ in range(2)}
    if made["name"] != "Iris" or types != {"job.cancelled", "job.succeeded"}:
        raise DemoFailed(f"after lost messages there is {made['name']}, and {types} were told")
    print("what was lost on the way to a worker came all the same")


def wish(name: str) -> Mapping[str, Any]:
    hooks = f"http://{HOST}:{WEBHOOK_PORT}/hooks"
    return {**demo.WISHES[1], "name": name, "webhook_url": hooks}


def carry_cards(client: Client, persona: Mapping[str, Any]) -> None:
    exported = client.call("POST", f"/personas/{persona['id']}/export", json={"format": "card_png"})
    fetched = requests.get(exported["download_url"], timeout=TIMEOUT)
    fetched.raise_for_status()
    room = client.call("POST", "/personas/uploads")
    form = {"file": ("card.png", fetched.content)}
    requests.post(
        room["upload_url"], data=room["fields"], files=form, timeout=TIMEOUT
    ).raise_for_status()
    copy = client.call(
        "POST", "/personas/import", json={"upload_key": room["upload_key"], "name": "Copy"}
    )
    print(f"a card of {len(fetched.content)} bytes went out, and came in as {copy['name']}")


def talk(client: Client) -> None:
    said = client.call("POST", "/personas/me/chat", json={"message": "How are you today?"})
    print(f"the persona has answered in {len(json.dumps(said))} bytes")


def delete(
    client: Client, persona: Mapping[str, Any], deployed: Deployed, database: sa.Engine
) -> None:
    client.call("DELETE", f"/personas/{persona['id']}")
    with database.begin() as connection:  # no worker lives any more that could store something
        connection.execute(
            sa.text("UPDATE doomed_objects SET created_at = now() - interval '1 hour'")
        )
    deployed.invoke("sweeper", tick())
    with database.begin() as connection:
        left = connection.scalar(sa.text("SELECT count(*) FROM doomed_objects"))
    if left:
        raise DemoFailed(f"the sweeper has left {left} objects")
    print("the sweeper has deleted what nothing refers to")


def redrive(deployed: Deployed) -> None:
    for queue in QUEUES:
        deployed.send(f"{queue}-dead-letters", {"job_id": str(uuid4())})
    moved = deployed.invoke("redrive", {})
    if moved != {f"{NAME}-{queue}": 1 for queue in QUEUES}:
        raise DemoFailed(f"redrive has moved {moved}")
    print(f"redrive has moved {moved}")


def rotate(client: Client, deployed: Deployed) -> None:
    """The second role gets a password, for the first has had its turn. Who has the settings of
    before is still let in."""
    deployed.rotate("settings")
    client.call("GET", "/personas/me")
    print("rotated once more, and the API is let in with the settings of before")


def tick() -> Mapping[str, Any]:
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": "2026-01-01T00:00:00Z",
        "region": "eu-north-1",
        "resources": [],
        "detail": {},
    }


@contextmanager
def receiver() -> Iterator[Heard]:
    """Somebody who waits for webhooks where the local stack allows it, and is down at first."""
    heard: Heard = Queue()
    answers = chain([HTTPStatus.SERVICE_UNAVAILABLE], repeat(HTTPStatus.OK))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(next(answers))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((HOST, WEBHOOK_PORT), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
