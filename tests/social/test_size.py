"""What a page touches does not grow with what is listed: `python -m bench feed` at full size."""

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench.crowd import churn, gather
from bench.keys import wal_of_keys
from bench.pages import Statement, lists, searches, touched, trends
from local.stack import Stack

PERSONAS = 10_000
MOST_BUFFERS = 60
MOST_IN_A_SEARCH = 400


def superuser(stack: Stack) -> sa.Engine:
    secrets = json.loads(stack.home.secrets.read_text())
    url = sa.make_url(stack.env["DATABASE_URL"]).set(
        username="postgres", password=secrets["superuser_password"]
    )
    return sa.create_engine(url)


@pytest.fixture(scope="module")
def crowded(stack: Stack) -> Iterator[Session]:
    """Many public personas, in a transaction that nobody else ever sees."""
    engine = superuser(stack)
    with Session(engine) as session:
        gather(session, size=PERSONAS, owners=50)
        churn(session, share=50)
        yield session
        session.rollback()
    engine.dispose()


def test_any_page_of_any_list_touches_few_buffers(crowded: Session) -> None:
    found = {name: touched(crowded, each) for name, each in lists(crowded, deep=PERSONAS // 2)}
    assert len(found) == 27
    assert {name: each.buffers for name, each in found.items() if each.buffers > MOST_BUFFERS} == {}
    assert all(each.rows == 26 for name, each in found.items() if "everything" in name)


def test_a_search_is_bounded_whatever_it_looks_for(crowded: Session) -> None:
    found = {name: touched(crowded, each).buffers for name, each in searches()}
    assert {name: each for name, each in found.items() if each > MOST_IN_A_SEARCH} == {}


def test_no_statement_skips_rows(crowded: Session) -> None:
    statements: list[Statement] = [each for _, each in lists(crowded, deep=1000)]
    statements += [each for _, each in searches()]
    statements += [each for _, each in trends()]
    assert not any("OFFSET" in str(each).upper() for each in statements)


def test_a_key_costs_hardly_more_than_a_number(stack: Stack) -> None:
    engine = superuser(stack).execution_options(isolation_level="AUTOCOMMIT")
    with Session(engine) as session:
        costs = wal_of_keys(session, held=20_000, added=4_000)
    engine.dispose()
    assert costs["uuidv7"] <= 1.2 * costs["bigint"]
