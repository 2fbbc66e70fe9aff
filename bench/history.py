"""What a page of a talk touches at size, and what a message's key costs beside a bigint.

SCALE messages (a million, unless the environment says otherwise), a hundredth of them in one talk
and the rest spread over talks of a thousand; they lie in the table as they would have come in.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bench.samples import show
from local.home import Home
from local.stack import Stack

SCALE = int(os.environ.get("SCALE", "1000000"))
TWIN_ROWS = min(SCALE, 1_000_000)
ADDED = 20_000
PATIENCE_SECONDS = 1800
GOAL_BUFFERS, GOAL_KEYS = 60, 1.2
TALK = "('00000000-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"
WORDS = "repeat('So it rained all week. ', 1 + ({number} % 9)::int)"

BUILD = f"""
INSERT INTO conversations (id, owner_id, persona_id, next_seq)
SELECT {TALK.format(number="n")}, :owner_id, CASE n WHEN 0 THEN CAST(:hot AS uuid)
       WHEN 1 THEN CAST(:usual AS uuid) END,
       CASE n WHEN 0 THEN :scale / 100 ELSE 1000 END + 1
FROM generate_series(0, greatest(1, :scale / 1000)) AS n;
INSERT INTO participants (conversation_id, number, user_id, voice, role)
SELECT id, 1, owner_id, 'human', 'host' FROM conversations;
INSERT INTO participants (conversation_id, number, voice, role)
SELECT id, 2, 'ai', 'guest' FROM conversations;
ALTER TABLE messages DROP CONSTRAINT pk_messages;
INSERT INTO messages (conversation_id, seq, participant, tokens, content)
SELECT {TALK.format(number="CASE i % 100 WHEN 0 THEN 0 ELSE 1 + j % talks END")},
       CASE i % 100 WHEN 0 THEN i / 100 ELSE 1 + j / talks END,
       1 + i % 2, 40, {WORDS.format(number="i")}
FROM (SELECT i, i - i / 100 - 1 AS j, greatest(1, :scale / 1000) AS talks
      FROM generate_series(1, :scale) AS i) AS numbered;
ALTER TABLE messages ADD CONSTRAINT pk_messages PRIMARY KEY (conversation_id, seq);
"""
TWINS = {
    "UUID of the talk, seq: what is used": (
        "conversation_id uuid, seq int, {rest}, PRIMARY KEY (conversation_id, seq)",
        "INSERT INTO {{table}} (conversation_id, seq, {{names}}) SELECT {talk}, {seq}, {{values}}",
    ),
    "bigint of the talk, seq": (
        "conversation_id bigint, seq int, {rest}, PRIMARY KEY (conversation_id, seq)",
        "INSERT INTO {{table}} (conversation_id, seq, {{names}}) SELECT {number},{seq}, {{values}}",
    ),
    "identity bigint, and an index on (bigint of the talk, id)": (
        "id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, conversation_id bigint, {rest}",
        "INSERT INTO {{table}} (conversation_id, {{names}}) SELECT {number}, {{values}}",
    ),
}
REST = (
    "participant smallint NOT NULL, moderation varchar(32) NOT NULL DEFAULT 'ok', "
    "tokens int NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), content text NOT NULL"
)


def main() -> None:
    with TemporaryDirectory() as directory, Stack(Path(directory), backing_only=True) as stack:
        os.environ |= stack.env | {"DATABASE_POOL_SIZE": "1"}
        measure(stack)


def measure(stack: Stack) -> None:
    # These read the settings, which are there only now.
    from bench.rows import add_ready  # noqa: PLC0415
    from chalicelib import migrations  # noqa: PLC0415
    from chalicelib.core import db  # noqa: PLC0415

    migrations.upgrade()
    hot, usual = add_ready(), add_ready()
    with db.patience(PATIENCE_SECONDS), superuser(stack).connect() as primary:
        primary.execute(sa.text("SET session_replication_role = replica"))
        build(primary, hot=hot, usual=usual)
        pages(primary, {f"a talk of {SCALE // 100}": hot, "a talk of 1000": usual})
        keys(primary)


def superuser(stack: Stack) -> sa.Engine:
    secrets = json.loads(Home(stack.directory.resolve()).secrets.read_text())
    url = sa.make_url(stack.env["DATABASE_URL"]).set(
        username="postgres", password=secrets["superuser_password"]
    )
    return sa.create_engine(url, isolation_level="AUTOCOMMIT")


def build(primary: sa.Connection, *, hot: UUID, usual: UUID) -> None:
    started = perf_counter()
    ids = {
        name: primary.scalar(
            sa.text("SELECT primary_persona_id FROM users WHERE id = :id"), {"id": user}
        )
        for name, user in (("hot", hot), ("usual", usual))
    }
    values = {"owner_id": hot, "scale": SCALE, **ids}
    for statement in BUILD.strip().split(";\n"):
        primary.execute(sa.text(statement.rstrip(";")), values)
    usual_s = "UPDATE conversations SET owner_id = :usual_owner WHERE persona_id = :usual"
    primary.execute(sa.text(usual_s), {"usual_owner": usual, "usual": ids["usual"]})
    primary.execute(sa.text("VACUUM (ANALYZE) messages"))
    primary.execute(sa.text("VACUUM (ANALYZE) conversations"))
    size = primary.scalar(sa.text("SELECT pg_size_pretty(pg_total_relation_size('messages'))"))
    print(f"\n{SCALE:,} messages, {size}, built in {perf_counter() - started:.0f} s")


def pages(primary: sa.Connection, owners: Mapping[str, UUID]) -> None:
    from chalicelib.conversations.history import PAGE  # noqa: PLC0415
    from chalicelib.conversations.schemas import LAST_SEQ, LONGEST_PAGE  # noqa: PLC0415
    from chalicelib.conversations.talks import MINE  # noqa: PLC0415

    rows, plan = [], ""
    for title, owner in owners.items():
        found = primary.execute(MINE, {"owner_id": owner}).one()
        asked = {"seen": found.written_lsn, "conversation_id": found.conversation_id}
        whose, _ = explained(primary, MINE, {"owner_id": owner})
        length = primary.scalar(
            sa.text("SELECT next_seq - 1 FROM conversations WHERE id = :id"),
            {"id": found.conversation_id},
        )
        for place, before in (("newest", LAST_SEQ), ("halfway", length // 2), ("oldest", 42)):
            wanted = asked | {"before": before, "most": LONGEST_PAGE + 1}
            page, plan = explained(primary, PAGE, wanted)
            rows.append(
                [
                    f"{title}, {place}",
                    str(page["buffers"]),
                    str(whose["buffers"]),
                    f"{page['ms']:.2f}",
                ]
            )
    show(
        f"A page of {LONGEST_PAGE} (goal: {GOAL_BUFFERS} buffers for the page, at any size)",
        ("", "page: buffers", "whose: buffers", "page: ms"),
        rows,
    )
    print(f"\n{plan}")


def explained(
    primary: sa.Connection, statement: Any, values: Mapping[str, Any]
) -> tuple[dict[str, float], str]:
    """Run it warm, and return what it touched, and its plan."""
    compiled = str(statement.compile(primary))
    for _ in range(3):
        told = primary.exec_driver_sql(
            f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {compiled}", values
        )
        [[found]] = [row[0] for row in told]
    text = primary.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS) {compiled}", values)
    top = found["Plan"]
    touched = top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    return {"buffers": touched, "ms": found["Execution Time"]}, "\n".join(row[0] for row in text)


def keys(primary: sa.Connection) -> None:
    figures = {name: written(primary, *twin) for name, twin in TWINS.items()}
    floor = [min(each[index] for each in list(figures.values())[1:]) for index in range(2)]
    show(
        f"{ADDED:,} messages added at random to {TWIN_ROWS:,} (goal: {GOAL_KEYS} x a bigint's)",
        ("", "WAL bytes a row", "x", "table and indexes", "x"),
        [
            [
                name,
                *(
                    cell
                    for value, least in zip(taken, floor, strict=True)
                    for cell in (f"{value:.0f}", f"{value / least:.2f}")
                ),
            ]
            for name, taken in figures.items()
        ],
    )


def written(primary: sa.Connection, columns: str, insert: str) -> tuple[float, float]:
    """Return bytes a row: of the log, and of the table with its indexes."""
    talks = max(1, TWIN_ROWS // 1000)
    primary.exec_driver_sql("DROP TABLE IF EXISTS twin")
    primary.exec_driver_sql(f"CREATE TABLE twin ({columns.format(rest=REST)})")
    if "IDENTITY" in columns:
        primary.exec_driver_sql("CREATE INDEX ON twin (conversation_id, id)")

    def add(first: int, count: int, number: str, seq: str) -> None:
        statement = insert.format(talk=TALK.format(number=number), number=number, seq=seq)
        values = f"1 + i % 2, 40, {WORDS.format(number='i')}"
        filled = statement.format(table="twin", names="participant, tokens, content", values=values)
        primary.exec_driver_sql(
            f"{filled} FROM generate_series({first}, {first + count - 1}) AS i".replace("%", "%%")
        )

    # By a hash, so that talks differ in length: of one length, all would split their pages at once.
    at_random = f"mod(abs(hashint4(i)::bigint), {talks})"
    add(0, TWIN_ROWS, at_random, "i")
    primary.exec_driver_sql("VACUUM ANALYZE twin")
    primary.exec_driver_sql("CHECKPOINT")
    before = primary.exec_driver_sql("SELECT pg_current_wal_insert_lsn()").scalar_one()
    add(TWIN_ROWS, ADDED, at_random, "i")
    logged = primary.exec_driver_sql(
        "SELECT pg_current_wal_insert_lsn() - %s::pg_lsn", (before,)
    ).scalar_one()
    size = primary.exec_driver_sql("SELECT pg_total_relation_size('twin')").scalar_one()
    return float(logged) / ADDED, size / (TWIN_ROWS + ADDED)
