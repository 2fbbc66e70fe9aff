"""What a key costs in the write-ahead log: UUIDv7 beside bigint, and UUIDv4 for the difference."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

KEYS: Mapping[str, str] = {
    "bigint": "bigint GENERATED ALWAYS AS IDENTITY",
    "uuidv7": "uuid DEFAULT uuidv7()",
    "uuidv4": "uuid DEFAULT gen_random_uuid()",
}
_LSN = sa.text("SELECT pg_current_wal_insert_lsn() - '0/0'")


def wal_of_keys(session: Session, *, held: int, added: int) -> dict[str, float]:
    """Return the bytes that a row costs in tables that hold some already, right after a checkpoint:
    rows of 200 bytes, one statement each hundred."""
    costs = {}
    for name, key in KEYS.items():
        table = f"keyed_{name}"
        session.execute(
            sa.text(
                f"CREATE TABLE {table} (id {key} PRIMARY KEY, content text) "
                "WITH (autovacuum_enabled = off)"
            )
        )
        adding = sa.text(
            f"INSERT INTO {table} (content) "
            "SELECT repeat(md5(n::text), 6) FROM generate_series(1, :n) AS n"
        )
        session.execute(adding, {"n": held})
        session.execute(sa.text("CHECKPOINT"))
        before = session.scalar(_LSN)
        for _ in range(added // 100):
            session.execute(adding, {"n": 100})
        costs[name] = float(session.scalar(_LSN) - before) / added
        session.execute(sa.text(f"DROP TABLE {table}"))
    return costs
