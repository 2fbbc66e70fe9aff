from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
import requests
from replicate.client import Client

from local.vendors.control import Control
from local.vendors.latencies import DEFAULT_MILLISECONDS
from local.vendors.server import Server, serve
from tests.local.vendors.clients import connected

AT_ONCE = dict.fromkeys(DEFAULT_MILLISECONDS, 0.0)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(0, tmp_path_factory.mktemp("vendors")) as running:
        yield running


@pytest.fixture(autouse=True)
def control(server: Server) -> Control:
    """Nothing is wrong, nothing is slow, nothing is counted yet."""
    control = Control(server.url)
    control.clear()
    control.forget_calls()
    control.latency(**AT_ONCE)
    return control


@pytest.fixture(scope="session")
def client(server: Server) -> Iterator[openai.OpenAI]:
    url = f"{server.url}/v1"
    with openai.OpenAI(base_url=url, api_key="sk-local", max_retries=0, timeout=5) as client:
        yield client


@pytest.fixture(scope="session")
def hub(server: Server) -> Iterator[Client]:
    with connected(server.url) as client:
        yield client


@pytest.fixture(scope="session")
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = "Bearer sk-local"
        yield session


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"
