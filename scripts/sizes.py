"""Fail on a file over 400 lines or a function over 40."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

MAX_FILE = 400
MAX_FUNCTION = 40


def tracked() -> Iterator[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True)
    yield from filter(Path.exists, map(Path, listed.stdout.splitlines()))


def too_long(path: Path) -> Iterator[str]:
    source = path.read_text()
    if (lines := source.count("\n")) > MAX_FILE:
        yield f"{path}: {lines} lines, at most {MAX_FILE}"
    if "migrations/versions" in str(path):
        return  # a migration is one long list of statements
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION:
                where = f"{path}:{node.lineno}: {node.name}"
                yield f"{where} has {length} lines, at most {MAX_FUNCTION}"


def main() -> None:
    found = [complaint for path in tracked() for complaint in too_long(path)]
    print("\n".join(found) or "every file and function keeps its size")
    sys.exit(bool(found))


main()
