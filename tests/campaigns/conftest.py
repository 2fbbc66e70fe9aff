"""The campaigns' own processes, on the stack of the whole run."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from local.stack import Stack
from local.vendors.control import Control
from tests.campaigns import nursery
from tests.campaigns.harness import Harness, opened


@pytest.fixture(scope="session")
def mail(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("campaigns") / "mail"
    nursery.prepare(path)
    return path


@pytest.fixture
def harness(mail: Path, stack: Stack, ai: Control, session: Session) -> Iterator[Harness]:
    with opened(stack, control=ai, session=session, mail=mail) as harness:
        yield harness
