import sqlalchemy as sa
from alembic import context

from chalicelib.core.config import settings
from chalicelib.core.models import Base


def run() -> None:
    engine = sa.create_engine(str(settings().database_url), poolclass=sa.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            # A migration that cannot have its lock gives up rather than queue everybody behind it;
            # and before those who wait for what it has (1 s) would look for a deadlock, and end.
            connection.execute(sa.text("SET LOCAL lock_timeout = '500ms'"))
            connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(7264191)"))
            context.run_migrations()


run()
