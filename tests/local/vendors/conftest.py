from collections.abc import Iterator

import openai
import pytest

from local.vendors.control import Control
from local.vendors.latencies import DEFAULT_MILLISECONDS
from local.vendors.server import Server, serve

AT_ONCE = dict.fromkeys(DEFAULT_MILLISECONDS, 0.0)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(0, tmp_path_factory.mktemp("vendors")) as running:
        yield running


@pytest.fixture(autouse=True)
def control(server: Server) -> Control:
    """No faults, no waiting, nothing counted yet."""
    control = Control(server.url)
    control.clear()
    control.forget_calls()
    control.latency(**AT_ONCE)
    return control


@pytest.fixture
def ai(server: Server) -> Iterator[openai.OpenAI]:
    with (
        httpx_client() as http,
        openai.OpenAI(
            base_url=f"{server.url}/v1", api_key="sk-local", max_retries=0, http_client=http
        ) as client,
    ):
        yield client
