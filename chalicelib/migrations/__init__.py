"""The database's history. Shipped, because a Lambda inside the VPC applies it at deployment."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

from chalicelib.core.config import settings

BASELINE = "0010"
"""No release had been made when this one, and those before it, were written."""


def config() -> Config:
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return made


def upgrade(revision: str = "head") -> None:
    command.upgrade(config(), revision)


def current() -> str | None:
    """Return the revision that the database is at; None if it is empty."""
    engine = sa.create_engine(str(settings().database_url), poolclass=sa.NullPool)
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()
