"""The campaigns' own processes, on the stack of the whole run."""

import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from local.stack import Stack
from local.vendors.control import Control
from tests.campaigns import nursery
from tests.campaigns.clock import Clock
from tests.campaigns.crew import Crew
from tests.campaigns.harness import Harness
from tests.campaigns.mail import Mailbox
from tests.campaigns.outcomes import Store
from tests.client import Api


@pytest.fixture(scope="session")
def mail(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("campaigns") / "mail"
    with nursery.opened(path):
        yield path


@pytest.fixture
def harness(mail: Path, stack: Stack, ai: Control, api: Api, session: Session) -> Iterator[Harness]:
    clock = Clock(session)
    store = Store(boto3.client("s3"), stack.env["MEDIA_BUCKET"])
    with Crew() as crew:
        yield Harness(ai, session, store, Mailbox(mail, clock), clock, crew, api.token or "")
