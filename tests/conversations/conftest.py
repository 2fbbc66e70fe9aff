import pytest

from tests.client import Api
from tests.conftest import Worker
from tests.conversations.talks import Talk, meet


@pytest.fixture
def talk(api: Api, worker: Worker) -> Talk:
    return meet(api, worker)
