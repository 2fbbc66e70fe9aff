"""Whether the database has all its migrations already: to find out anew costs a second."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from local.home import CHECKOUT, replace_text
from local.postgres import APPLICATION, Cluster

_MIGRATIONS = CHECKOUT / "chalicelib" / "migrations"


@dataclass(frozen=True)
class History:
    """What was applied last: kept beside the data, and believed only if the database agrees."""

    primary: Cluster
    kept: Path

    def is_complete(self) -> bool:
        return self.kept.exists() and self.kept.read_text() == self._now()

    def keep(self) -> None:
        replace_text(self.kept, self._now())

    def _now(self) -> str:
        return f"{self._revision()} {_fingerprint()}"

    def _revision(self) -> str:
        try:
            with self.primary.superuser(APPLICATION) as cursor:
                cursor.execute("SELECT version_num FROM alembic_version")
                return " ".join(row[0] for row in cursor.fetchall())
        except psycopg2.errors.UndefinedTable:
            return "none"


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for file in sorted(_MIGRATIONS.rglob("*.py")):
        digest.update(f"{file.relative_to(_MIGRATIONS)}\n".encode() + file.read_bytes())
    return digest.hexdigest()
