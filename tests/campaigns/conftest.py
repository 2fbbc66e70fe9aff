"""The campaigns' own processes, on the stack of the whole run."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from local.stack import Stack
from local.vendors.control import Control
from tests.campaigns import nursery
from tests.campaigns.harness import Harness, opened
from tests.receiver import Receiver


@pytest.fixture(scope="session")
def campaign(
    stack: Stack, ai: Control, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Harness]:
    mail: Path = tmp_path_factory.mktemp("campaigns") / "mail"
    gateway = Receiver()
    nursery.prepare(mail, gateway=gateway.origin)
    engine = sa.create_engine(stack.env["DATABASE_URL"], isolation_level="AUTOCOMMIT")
    with (
        gateway.listening(),
        Session(engine) as session,
        opened(stack, control=ai, session=session, mail=mail, gateway=gateway) as harness,
    ):
        yield harness
    engine.dispose()


@pytest.fixture
def harness(campaign: Harness, ai: Control) -> Iterator[Harness]:
    yield campaign
    campaign.control.clear()
