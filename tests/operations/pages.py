"""Pages of docs/runbooks, as one who has to follow them reads them: commands, queries, SQL."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

SAID = {"$ENVIRONMENT": "prod", "$NAME": "persona-ai-prod", "$FUNCTION": "persona_generator"}
AWS = re.compile(r"\baws ([a-z][a-z0-9-]+) ([a-z][a-z0-9-]+)(?: ([a-z][a-z0-9-]+))?")
OPTION = re.compile(r"(?<=\s)--([a-z][a-z0-9-]*)")


@dataclass(frozen=True)
class Operation:
    """A call of the AWS command line: what is asked of which service, and with what."""

    service: str
    name: str
    waited_for: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @property
    def words(self) -> list[str]:
        """What stands between backticks, outside of blocks."""
        prose = re.sub(r"```.*?```", "", self.text, flags=re.DOTALL)
        return re.findall(r"`([^`]+)`", prose)

    @property
    def links(self) -> list[str]:
        return re.findall(r"\]\(([^)#]+\.md)\)", self.text)

    @property
    def statements(self) -> list[str]:
        return self._blocks("sql")

    @property
    def commands(self) -> list[str]:
        """Return each line of its shell blocks, and what it says to run within a sentence."""
        blocks = "\n".join(self._blocks("sh")).replace("\\\n", " ")
        inline = [each for each in self.words if re.match(r"(aws|make|scripts/|\.venv)\b", each)]
        return [*(line.strip() for line in blocks.splitlines() if line.strip()), *inline]

    @property
    def operations(self) -> Iterator[Operation]:
        for command in self.commands:
            parts = re.split(r"\||\)\"|; do|\$\(", command)
            for part in parts:
                if found := AWS.search(re.sub(r"'[^']*'", "VALUE", part)):
                    service, name, more = found.groups()
                    options = OPTION.findall(re.sub(r"'[^']*'", "VALUE", part))
                    waited = more if name == "wait" and more else ""
                    yield Operation(service, name, waited, tuple(options))

    def calls(self, program: str) -> list[list[str]]:
        """Return the arguments that a program of ours is called with."""
        return [
            split(command)[1:] for command in self.commands if command.split()[0].endswith(program)
        ]

    def _blocks(self, language: str) -> list[str]:
        return re.findall(rf"^ *```{language}\n(.*?)^ *```", self.text, re.MULTILINE | re.DOTALL)


def split(command: str) -> list[str]:
    for name, value in SAID.items():
        command = command.replace(name, value)
    return shlex.split(command)


def pages(folder: Path) -> list[Page]:
    return [Page(path) for path in sorted(folder.glob("*.md"))]
