"""Who the application is in the database: one of two roles that own nothing, and read and write
all. The owner, who lays the database out, lets them in."""

import sqlalchemy as sa
from psycopg2 import sql

APPLICATION = "persona_application"
"""What both roles may do is granted to this one, which cannot sign in."""

_LATER = "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT"
_GRANTS = (
    "GRANT USAGE ON SCHEMA public TO {}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}",
    f"{_LATER} SELECT, INSERT, UPDATE, DELETE ON TABLES TO {{}}",
    f"{_LATER} USAGE ON SEQUENCES TO {{}}",
)
_DEADLINES = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
"""Settings of a role are not inherited: what the owner's sessions have is set for each."""


def let_in(owner_url: str, *, role: str, password: str) -> None:
    """Give the role this password, and make it first if there is none. Safe to do again."""
    engine = sa.create_engine(owner_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        cursor = connection.connection.cursor()
        for name in (APPLICATION, role):
            cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", (name,))
            if not cursor.rowcount:
                cursor.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(name)))
        named, group = sql.Identifier(role), sql.Identifier(APPLICATION)
        secret = sql.Literal(password)
        cursor.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(named, secret))
        cursor.execute(sql.SQL("GRANT {} TO {}").format(group, named))
        for deadline in map(sql.Identifier, _DEADLINES):
            cursor.execute(sql.SQL("ALTER ROLE {} SET {} FROM CURRENT").format(named, deadline))
        for grant in _GRANTS:
            cursor.execute(sql.SQL(grant).format(group))


def require_entry(url: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT 1"))
