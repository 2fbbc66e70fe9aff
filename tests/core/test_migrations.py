"""What the migrations leave behind."""

import sqlalchemy as sa
from sqlalchemy.orm import Session


def test_the_server_keeps_its_own_deadlines(session: Session) -> None:
    for name, value in (
        ("statement_timeout", "5s"),
        ("lock_timeout", "2s"),
        ("idle_in_transaction_session_timeout", "10s"),
    ):
        assert session.scalar(sa.text(f"SHOW {name}")) == value


def test_every_foreign_key_has_an_index(session: Session) -> None:
    """Otherwise deleting a parent reads the whole child table."""
    unindexed = session.scalars(
        sa.text("""
        SELECT conrelid::regclass || '.' || conname FROM pg_constraint c
        WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND NOT EXISTS (
            SELECT 1 FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1]
        )
        """)
    ).all()
    assert unindexed == []
