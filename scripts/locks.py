"""Ask squawk what each migration would lock, or break for the code that runs meanwhile.

A migration may accept a finding if it says why:
`accepted = {"ban-drop-not-null": "no code that runs reads it as never null"}`.
"""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic.runtime.environment import EnvironmentContext
from alembic.script import Script, ScriptDirectory

from chalicelib import migrations

SQUAWK = Path(sys.executable).with_name("squawk")
CONFIG = Path(__file__).resolve().parent.parent / ".squawk.toml"


def main() -> int:
    scripts = ScriptDirectory.from_config(migrations.config())
    newer = [each for each in scripts.walk_revisions() if each.revision > migrations.BASELINE]
    complaints = [complaint for each in newer for complaint in _complaints(scripts, each)]
    print(
        "\n".join(complaints) or f"{len(newer)} migrations since {migrations.BASELINE} do no harm"
    )
    return 1 if complaints else 0


def _complaints(scripts: ScriptDirectory, script: Script) -> Iterator[str]:
    accepted: dict[str, str] = getattr(script.module, "accepted", {})
    found = found_in(sql_of(scripts, script))
    for rule, message in found.items():
        if rule not in accepted:
            yield f"{script.revision}: {rule}: {message}"
    for rule in accepted.keys() - found.keys():
        yield f"{script.revision}: accepts {rule}, which is not found in it"


def found_in(sql: str) -> dict[str, str]:
    """Return what squawk says of the statements, by its rules."""
    with TemporaryDirectory() as directory:
        file = Path(directory) / "migration.sql"
        file.write_text(sql)
        done = subprocess.run(
            [SQUAWK, "--config", CONFIG, "--reporter", "json", file],
            capture_output=True,
            text=True,
            check=False,
        )
    if not done.stdout:
        raise RuntimeError(done.stderr)
    return {each["rule_name"]: each["message"] for each in json.loads(done.stdout)}


def sql_of(scripts: ScriptDirectory, script: Script) -> str:
    """Return the statements of one migration, without a database."""
    written = io.StringIO()
    environment = EnvironmentContext(
        migrations.config(),
        scripts,
        fn=lambda revision, _context: scripts._upgrade_revs(script.revision, revision),  # noqa: SLF001 - as Alembic's own commands do
        as_sql=True,
        starting_rev=script.down_revision or "base",
        destination_rev=script.revision,
    )
    with environment as context:
        context.configure(
            dialect_name="postgresql",
            literal_binds=True,
            output_buffer=written,
            transactional_ddl=False,
        )
        context.run_migrations()
    return written.getvalue()


if __name__ == "__main__":
    sys.exit(main())
