"""An order that was accepted, and of which nobody here knows, is found again and not paid twice."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from uuid import uuid4

import requests
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib import wiring
from chalicelib.core.db import transaction
from chalicelib.core.models import Breaker, ImageModel
from chalicelib.jobs import timing
from chalicelib.spending.breakers import note_failure
from chalicelib.workers.sweeper import sweep
from local.stack import Stack
from local.vendors.control import Control
from tests.client import Api
from tests.conftest import Worker
from tests.receiver import Receiver, hand_on


class Silence:
    """Stands before Replicate: it passes an order on, and keeps the answer to itself."""

    def __init__(self, vendor: str) -> None:
        self.is_accepted = Event()
        self.is_over = Event()
        self._server = _server(self, vendor)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def kept(self) -> Iterator["Silence"]:
        thread = Thread(target=self._server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield self
        finally:
            self.is_over.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def _server(silence: Silence, vendor: str) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            names = ("Authorization", "Content-Type")
            headers = {name: self.headers[name] for name in names}
            with requests.Session() as session:
                session.trust_env = False
                session.post(vendor + self.path, body, headers=headers, timeout=10)
            silence.is_accepted.set()
            silence.is_over.wait()

        def log_message(self, *_: object) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def kill_after_it_was_accepted(stack: Stack, checkout: Path) -> None:
    """Let a worker order a portrait, and kill it before it knows the reference."""
    vendor = stack.env["REPLICATE_BASE_URL"]
    with Silence(vendor).kept() as silence:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.worker"],
            cwd=checkout,
            env=os.environ | {"JOB_LEASE_SECONDS": "1", "REPLICATE_BASE_URL": silence.url},
            stdout=subprocess.DEVNULL,
        )
        try:
            assert silence.is_accepted.wait(20)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()


def test_killed_after_the_order_was_accepted_the_same_order_is_collected(
    api: Api,
    visitor: Api,
    worker: Worker,
    ai: Control,
    stack: Stack,
    gateway: Receiver,
    checkout: Path,
) -> None:
    name = f"Grace {uuid4().hex[:8]}"
    job_id = api.generate(name, image_model="openjourney").json["job"]["id"]
    kill_after_it_was_accepted(stack, checkout)
    notices = [gateway.next(), gateway.next()]
    assert [hand_on(visitor, each).status for each in notices] == [204, 204]
    time.sleep(1)
    sweep()
    worker.work()
    assert api.get(f"/jobs/{job_id}").json["status"] == "succeeded"
    assert api.get("/personas/me").json["persona"]["image"]["model"] == "openjourney"
    assert ai.calls("prediction", contains=name).count == 1


def test_an_order_whose_answer_broke_off_is_collected(
    api: Api, visitor: Api, worker: Worker, ai: Control, gateway: Receiver
) -> None:
    name = f"Grace {uuid4().hex[:8]}"
    ai.fail("prediction", "reset", contains=name)
    ai.fail("image", "500", contains=name)
    job_id = api.generate(name, image_model="openjourney").json["job"]["id"]
    worker.deliver(job_id)
    worker.forget()
    assert api.get(f"/jobs/{job_id}").json["status"] == "queued"
    notices = [gateway.next(), gateway.next()]
    assert json.loads(notices[1].body)["status"] == "succeeded"
    for each in notices:
        hand_on(visitor, each)
    worker.work()
    assert api.get(f"/jobs/{job_id}").json["status"] == "succeeded"
    assert api.get("/personas/me").json["persona"]["image"]["model"] == "openjourney"
    assert ai.calls("prediction", contains=name).count == 1


def test_what_the_stand_in_was_asked_for_is_fetched_before_the_wanted_model_is_tried_again(
    api: Api, worker: Worker, ai: Control
) -> None:
    name = f"Grace {uuid4().hex[:8]}"
    ai.fail("image", "500", contains=name)
    ai.fail("poll", "500", contains=name)
    job_id = api.generate(name).json["job"]["id"]
    worker.deliver(job_id)
    assert api.get(f"/jobs/{job_id}").json["status"] == "queued"
    worker.deliver(job_id)
    assert api.get(f"/jobs/{job_id}").json["status"] == "succeeded"
    assert api.get("/personas/me").json["persona"]["image"]["model"] == "openjourney"
    assert ai.calls("prediction", contains=name).count == 1
    assert ai.calls("image", contains=name).count == 0


def test_an_order_at_a_vendor_that_rests_is_waited_for(
    api: Api, worker: Worker, ai: Control, session: Session
) -> None:
    name = f"Grace {uuid4().hex[:8]}"
    ai.fail("poll", "500", contains=name)
    job_id = api.generate(name, image_model="openjourney").json["job"]["id"]
    worker.deliver(job_id)
    engine = wiring.ports().images[ImageModel.OPENJOURNEY].drawing
    with transaction() as opened:
        note_failure(opened, engine, rest=timing.REST, retry_after=30)
    worker.deliver(job_id)
    job = api.get(f"/jobs/{job_id}").json
    assert (job["status"], job["attempt"]) == ("queued", 1)
    session.execute(sa.delete(Breaker))
    worker.deliver(job_id)
    assert api.get(f"/jobs/{job_id}").json["status"] == "succeeded"
    assert ai.calls("prediction", contains=name).count == 1
    assert ai.calls("image", contains=name).count == 0
