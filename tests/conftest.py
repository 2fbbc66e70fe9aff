"""One stack for the whole run: real PostgreSQL with its standby, real Valkey, the emulated AWS,
sign-in provider and AI vendors. The API and the workers run in the test's process."""

import io
import json
import logging
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import boto3
import pytest
import sqlalchemy as sa
from hypothesis import settings as hypothesis_settings
from sqlalchemy.orm import Session

from chalicelib import migrations, wiring
from chalicelib.core import db
from chalicelib.core.logging import JsonFormatter
from chalicelib.core.models import Breaker
from chalicelib.workers.persona_generator import persona_generator
from local.handlers import subscriptions
from local.stack import Stack
from local.vendors.control import Control
from local.worker import drain
from tests.client import Api
from tests.receiver import Receiver, leave_cache, settings_with

# The same examples each time, and no matter how busy the machine is.
hypothesis_settings.register_profile("steady", derandomize=True, deadline=None, database=None)
hypothesis_settings.load_profile("steady")


OWN_ENVIRONMENT = os.environ


@pytest.fixture(autouse=True)
def _environment_is_kept() -> Iterator[None]:
    """Chalice's test client exchanges the environment; with several threads the wrong one stays."""
    yield
    os.environ = OWN_ENVIRONMENT  # noqa: B003 - it is put back, not cleared


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A path with a space in it: the stack has to live anywhere."""
    with stack_for_tests(tmp_path_factory.mktemp("the stack")) as running:
        os.environ |= running.env | {
            "DATABASE_POOL_SIZE": "5",
            "REPLICATE_POLL_SECONDS": "0.02",
            "DAILY_BUDGET_DOLLARS": "1000000",
            "CORS_ORIGINS": '["http://localhost:5173", "https://app.example.com"]',
        }
        migrations.upgrade()
        yield running
        db.dispose()
        leave_cache()


def stack_for_tests(directory: Path) -> AbstractContextManager[Stack]:
    """Start one, or borrow the one that runs where TEST_STACK says: it is left full of data."""
    stack = Stack(Path(os.environ.get("TEST_STACK", directory)), backing_only=True, fsync=False)
    if "TEST_STACK" not in os.environ:
        return stack
    state = stack.home.read_state()
    stack.env, stack.port_of = state["env"], state["ports"]
    return nullcontext(stack)


@pytest.fixture(scope="session")
def ai(stack: Stack) -> Control:
    """The vendors' emulator: what it is told, and what it has counted."""
    control = Control(f"http://127.0.0.1:{stack.port_of['vendors']}")
    be_quick(control)
    return control


def be_quick(control: Control) -> None:
    control.latency(text=0, moderation=0, image=0, speech=0, prediction=0, download=0)


@pytest.fixture(autouse=True)
def _no_fault_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "ai" in request.fixturenames:
        control = request.getfixturevalue("ai")
        control.clear()
        be_quick(control)
        trust_vendors_again()


def trust_vendors_again() -> None:
    """Forget how the vendors failed, as if other calls had succeeded in the meantime."""
    with db.transaction() as opened:
        opened.execute(sa.delete(Breaker))


@pytest.fixture
def api(stack: Stack) -> Api:
    """The API, for somebody who has just signed in for the first time."""
    return Api.signed_in(stack.env)


@pytest.fixture
def stranger(stack: Stack) -> Api:
    """The API, for somebody else."""
    return Api.signed_in(stack.env)


@pytest.fixture
def visitor(stack: Stack) -> Api:
    """The API, for somebody without an account."""
    return Api(stack.env)


@pytest.fixture
def session(stack: Stack) -> Iterator[Session]:
    """The database, to look into what HTTP does not show. What is written here is committed."""
    engine = sa.create_engine(stack.env["DATABASE_URL"], isolation_level="AUTOCOMMIT")
    with Session(engine) as opened:
        yield opened
    engine.dispose()


class Worker:
    """The workers, driven by hand: what is queued now is delivered now."""

    def __init__(self) -> None:
        self._sqs = boto3.client("sqs")
        self._subscriptions = subscriptions()

    def work(self) -> int:
        """Deliver what the queues show; return how many deliveries were made."""
        return sum(drain(self._sqs, each) for each in self._subscriptions)

    def deliver(self, job_id: str) -> None:
        """Hand the generator a message for this job, whatever is queued."""
        record = {"messageId": "m", "receiptHandle": "r", "body": json.dumps({"job_id": job_id})}
        persona_generator({"Records": [record]}, None)

    def send(self, *bodies: str, to: str = "generation") -> None:
        """Put messages into a queue, whatever they say."""
        url = self._sqs.get_queue_url(QueueName=to)["QueueUrl"]
        for body in bodies:
            self._sqs.send_message(QueueUrl=url, MessageBody=body)

    def count(self, queue: str) -> int:
        """Return how many messages the queue holds, hidden ones included."""
        url = self._sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        held = ("", "NotVisible", "Delayed")
        return sum(
            int(attributes["Attributes"][f"ApproximateNumberOfMessages{each}"]) for each in held
        )

    def delayed(self) -> int:
        """Return how many messages wait for their time."""
        counted = (
            self._sqs.get_queue_attributes(
                QueueUrl=url, AttributeNames=["ApproximateNumberOfMessagesDelayed"]
            )
            for url in self._urls()
        )
        return sum(
            int(answer["Attributes"]["ApproximateNumberOfMessagesDelayed"]) for answer in counted
        )

    def forget(self) -> None:
        """Lose every message that is queued."""
        for url in self._urls():
            self._sqs.purge_queue(QueueUrl=url)

    def _urls(self) -> list[str]:
        queues = (each.queue for each in self._subscriptions)
        return [self._sqs.get_queue_url(QueueName=queue)["QueueUrl"] for queue in queues]


@pytest.fixture
def worker(stack: Stack, ai: Control) -> Worker:
    made = Worker()
    made.forget()
    return made


@pytest.fixture(scope="session")
def checkout() -> Path:
    return Path(__file__).resolve().parent.parent


@pytest.fixture
def paused_replica(stack: Stack) -> Iterator[None]:
    with replica_paused(stack):
        yield


@contextmanager
def replica_paused(stack: Stack) -> Iterator[None]:
    """The replica receives what the primary writes, and does not show it."""
    secrets = json.loads(stack.home.secrets.read_text())
    url = sa.make_url(stack.env["DATABASE_REPLICA_URL"]).set(
        username="postgres", password=secrets["superuser_password"]
    )
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as replica:
        replica.execute(sa.text("SELECT pg_wal_replay_pause()"))
        while replica.scalar(sa.text("SELECT pg_get_wal_replay_pause_state()")) != "paused":
            pass
        try:
            yield
        finally:
            replica.execute(sa.text("SELECT pg_wal_replay_resume()"))
    engine.dispose()


@contextmanager
def nobody_at(service: str, port: str) -> Iterator[None]:
    """For as long as it lasts the service's address is one where nothing listens."""
    os.environ[f"AWS_ENDPOINT_URL_{service}"] = "http://127.0.0.1:9"
    wiring.ports().__dict__.pop(port, None)
    yield
    del os.environ[f"AWS_ENDPOINT_URL_{service}"]
    wiring.ports().__dict__.pop(port, None)


@pytest.fixture
def broken_queue(stack: Stack) -> Iterator[None]:
    with nobody_at("SQS", "queue"):
        yield


@pytest.fixture
def receiver(stack: Stack) -> Iterator[Receiver]:
    """A receiver of webhooks on this machine, where the settings allow one."""
    receiver = Receiver()
    origins = json.dumps([receiver.origin])
    with receiver.listening(), settings_with(WEBHOOK_ORIGINS=origins):
        yield receiver


@pytest.fixture
def gateway(receiver: Receiver) -> Iterator[Receiver]:
    """Where Replicate believes our API to be: what arrives there is held back, until a test hands
    it on."""
    with settings_with(PUBLIC_API_URL=receiver.origin):
        yield receiver


@pytest.fixture
def broken_store(stack: Stack) -> Iterator[None]:
    with nobody_at("S3", "objects"):
        yield


class Log:
    """What the product has logged during the test, as the lines that it writes."""

    def __init__(self) -> None:
        self._written = io.StringIO()
        self.handler = logging.StreamHandler(self._written)
        self.handler.setFormatter(JsonFormatter())

    @property
    def text(self) -> str:
        return self._written.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def log(stack: Stack) -> Iterator[Log]:
    import app  # noqa: F401, PLC0415 - it sets the logging up, once

    log = Log()
    logging.getLogger().addHandler(log.handler)
    yield log
    logging.getLogger().removeHandler(log.handler)
