"""Reading what one has just written, from a replica that is two seconds behind.

TURNS turns (a thousand, unless the environment says otherwise), each followed by ten reads at once.
The replica alone, asked beside each of them, shows what luck would have brought.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bench.events import event_of
from bench.floor import quiet
from bench.samples import show
from bench.talk import hush
from local.stack import Stack
from local.vendors.control import Control

TURNS = int(os.environ.get("TURNS", "1000"))
READS = 10
DELAY = "2s"


def main() -> None:
    with TemporaryDirectory() as directory, Stack(Path(directory), backing_only=True) as stack:
        os.environ |= stack.env | {"DATABASE_POOL_SIZE": "1", "DAILY_TEXTS": str(TURNS + 50)}
        measure(stack)


def measure(stack: Stack) -> None:
    # These read the settings, which are there only now.
    from app import app  # noqa: PLC0415
    from bench.rows import add_ready  # noqa: PLC0415
    from chalicelib import migrations  # noqa: PLC0415

    migrations.upgrade()
    hush(quiet())
    Control(f"http://127.0.0.1:{stack.port_of['vendors']}").latency(text=0, moderation=0)
    users = [add_ready() for _ in range(4)]
    delay(stack)
    counts = {"through the API": [0, 0], "from the replica alone": [0, 0]}
    for number in range(TURNS):
        user_id = users[number % len(users)]
        spoken = said(app, event_of(user_id, "POST", "/personas/me/chat", body=message(number)))
        for _ in range(READS):
            page = said(app, event_of(user_id, "GET", "/personas/me/chat", query={"limit": "2"}))
            newest = page["messages"][0]["seq"] if page["messages"] else 0
            note(counts["through the API"], is_stale=newest < spoken["seq"])
            note(counts["from the replica alone"], is_stale=alone(user_id) < spoken["seq"])
    show(
        f"Reads at once after one's own turn, with the replica {DELAY} behind (goal: 0 stale)",
        ("", "reads", "stale"),
        [[name, f"{reads:,}", f"{stale:,}"] for name, (reads, stale) in counts.items()],
    )


def delay(stack: Stack) -> None:
    secrets = json.loads(stack.home.secrets.read_text())
    url = sa.make_url(stack.env["DATABASE_REPLICA_URL"]).set(
        username="postgres", password=secrets["superuser_password"]
    )
    with sa.create_engine(url, isolation_level="AUTOCOMMIT").connect() as replica:
        # The migrations have to be there before the delay begins.
        while not replica.scalar(sa.text("SELECT to_regclass('turns') IS NOT NULL")):
            pass
        replica.execute(sa.text(f"ALTER SYSTEM SET recovery_min_apply_delay = '{DELAY}'"))
        replica.execute(sa.text("SELECT pg_reload_conf()"))


def message(number: int) -> Mapping[str, str]:
    return {"message": f"Number {number}: and what then?"}


def said(app: Any, event: Mapping[str, Any]) -> dict[str, Any]:
    answer = app(event, None)
    if answer["statusCode"] != 200:  # noqa: PLR2004
        raise AssertionError(answer)
    return dict(json.loads(answer["body"]))


def alone(user_id: UUID) -> int:
    from chalicelib.core.db import reading_replica  # noqa: PLC0415

    newest = sa.text("SELECT max(next_seq) - 1 FROM conversations WHERE owner_id = :owner_id")
    with reading_replica() as replica:
        return replica.scalar(newest, {"owner_id": user_id}) or 0


def note(count: list[int], *, is_stale: bool) -> None:
    count[0] += 1
    count[1] += is_stale
