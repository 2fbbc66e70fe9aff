import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from local.google import Server, serve
from tests.local.google.visitor import Clock, Visitor


@pytest.fixture(scope="session")
def clock() -> Clock:
    """One for all tests: it only ever goes forward."""
    return Clock(time.time())


@pytest.fixture(scope="session")
def google(clock: Clock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(0, tmp_path_factory.mktemp("google"), clock=clock) as server:
        yield server


@pytest.fixture
def browser() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def visitor(google: Server, browser: requests.Session) -> Visitor:
    return Visitor(google.issuer, browser)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"
