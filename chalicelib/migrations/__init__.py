"""The database's history. Shipped, because a Lambda inside the VPC applies it at deployment."""

from pathlib import Path

from alembic import command
from alembic.config import Config


def config() -> Config:
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return made


def upgrade(revision: str = "head") -> None:
    command.upgrade(config(), revision)
