"""Webhooks, checked with Replicate's own client."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from threading import Thread

import pytest
from replicate.client import Client
from replicate.webhook import InvalidSignatureError, Webhooks

from local.vendors.control import Control
from tests.local.vendors.clients import MODEL, SMALL


@dataclass(frozen=True)
class Delivery:
    headers: dict[str, str]
    body: str

    @property
    def status(self) -> str:
        return str(json.loads(self.body)["status"])


class Receiver:
    def __init__(self, answers: list[int]) -> None:
        self.deliveries: Queue[Delivery] = Queue()
        deliveries = self.deliveries

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.send_response(answers.pop(0) if answers else 200)
                self.end_headers()
                deliveries.put(Delivery(dict(self.headers.items()), body))

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def next(self) -> Delivery:
        return self.deliveries.get(timeout=5)


def listening(answers: list[int]) -> Iterator[Receiver]:
    receiver = Receiver(answers)
    thread = Thread(target=receiver.server.serve_forever, args=(0.02,))
    thread.start()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()
    thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    yield from listening([])


@pytest.fixture
def busy_receiver() -> Iterator[Receiver]:
    yield from listening([503])


def order(hub: Client, receiver: Receiver, *events: str) -> None:
    hub.models.predictions.create(
        MODEL, input=SMALL, webhook=receiver.url, webhook_events_filter=list(events)
    )


def test_the_signature_is_accepted(hub: Client, receiver: Receiver) -> None:
    order(hub, receiver, "completed")
    delivery = receiver.next()
    Webhooks.validate(
        headers=delivery.headers,
        body=delivery.body,
        secret=hub.webhooks.default.secret(),
        tolerance=60,
    )


def test_a_tampered_body_is_refused(hub: Client, receiver: Receiver) -> None:
    order(hub, receiver, "completed")
    delivery = receiver.next()
    with pytest.raises(InvalidSignatureError):
        Webhooks.validate(
            headers=delivery.headers,
            body=delivery.body.replace("succeeded", "failed"),
            secret=hub.webhooks.default.secret(),
        )


def test_only_the_events_that_were_asked_for_are_sent(hub: Client, receiver: Receiver) -> None:
    order(hub, receiver, "completed")
    assert receiver.next().status == "succeeded"
    assert receiver.deliveries.empty()


def test_the_start_is_sent_before_the_end(hub: Client, receiver: Receiver) -> None:
    order(hub, receiver, "start", "completed")
    assert [receiver.next().status, receiver.next().status] == ["processing", "succeeded"]


def test_a_cancelled_prediction_is_told(hub: Client, receiver: Receiver, control: Control) -> None:
    control.latency(prediction=5000)
    prediction = hub.models.predictions.create(
        MODEL, input=SMALL, webhook=receiver.url, webhook_events_filter=["completed"]
    )
    prediction.cancel()
    assert receiver.next().status == "canceled"


def test_a_receiver_that_is_busy_is_asked_again_under_the_same_id(
    hub: Client, busy_receiver: Receiver
) -> None:
    order(hub, busy_receiver, "completed")
    first, second = busy_receiver.next(), busy_receiver.next()
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
