"""What the feed's pages touch among a million personas, and what its keys cost to write.

Buffers are exact, and the same on every machine. `FEED_PERSONAS` says how many personas, `PLANS` a
file for the plan of every statement.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench.samples import show
from local.stack import Stack

SIZE = 1_000_000
GOAL = 60
PATIENCE_SECONDS = 3600
HELD, ADDED = 1_000_000, 20_000
CHURNED = 50


def main() -> None:
    with (
        TemporaryDirectory() as directory,
        Stack(Path(directory), backing_only=True, fsync=True) as stack,
    ):
        os.environ |= stack.env
        measure(stack, size=int(os.environ.get("FEED_PERSONAS", SIZE)))


def measure(stack: Stack, *, size: int) -> None:
    # These read the settings, which are there only now.
    from bench.crowd import churn, gather, unindexed  # noqa: PLC0415
    from chalicelib import migrations  # noqa: PLC0415
    from chalicelib.core import db  # noqa: PLC0415

    migrations.upgrade()
    started = perf_counter()
    with db.patience(PATIENCE_SECONDS), Session(_superuser(stack)) as session:
        session.execute(sa.text("SET statement_timeout = 0"))
        session.execute(sa.text("SET maintenance_work_mem = '512MB'"))
        with unindexed(session):
            gather(session, size=size)
        churn(session, share=CHURNED)
        session.execute(sa.text("VACUUM ANALYZE feed_entries, engagement_events"))
        print(f"\n{size:,} public personas, made in {perf_counter() - started:.0f} s")
        show_pages(session, size=size)
        show_keys(session)


def show_pages(session: Session, *, size: int) -> None:
    from bench.pages import Statement, lists, plan_of, searches, touched, trends  # noqa: PLC0415

    groups: dict[str, Iterable[tuple[str, Statement]]] = {
        f"Pages of 25, the largest there are (goal: at most {GOAL} buffers)": lists(
            session, deep=size // 2
        ),
        "Searches (bounded by what is looked through and by the cap)": searches(),
        "Trends (bounded by the cap of events)": trends(),
    }
    plans = []
    for title, statements in groups.items():
        rows = []
        for name, statement in statements:
            touched(session, statement)
            found = touched(session, statement)
            ms = f"{found.milliseconds:.2f}"
            rows.append([name, f"{found.rows:.0f}", str(found.buffers), ms])
            plans.append(f"{name}\n{plan_of(session, statement)}\n")
        show(title, ("", "rows", "buffers", "ms, warm"), rows)
    if file := os.environ.get("PLANS"):
        Path(file).write_text("\n".join(plans), encoding="utf-8")


def show_keys(session: Session) -> None:
    from bench.keys import wal_of_keys  # noqa: PLC0415

    costs = wal_of_keys(session, held=HELD, added=ADDED)
    show(
        f"Write-ahead log for a row into {HELD:,} (goal: uuidv7 at most 1.2 x bigint)",
        ("", "bytes a row", "x bigint"),
        [[name, f"{cost:.0f}", f"{cost / costs['bigint']:.2f}"] for name, cost in costs.items()],
    )


def _superuser(stack: Stack) -> sa.Engine:
    secrets = json.loads(stack.home.secrets.read_text())
    url = sa.make_url(stack.env["DATABASE_URL"]).set(
        username="postgres", password=secrets["superuser_password"]
    )
    return sa.create_engine(url, isolation_level="AUTOCOMMIT")
