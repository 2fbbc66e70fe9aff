"""The pictures of three pairs that the documents show."""

import os
import subprocess
import sys
from pathlib import Path

from local.home import CHECKOUT
from local.pairs import PAIRS, report


def test_the_pictures_in_the_documents_are_those_that_are_drawn(
    tmp_path: Path, checkout: Path
) -> None:
    lines = report(tmp_path).splitlines()
    assert lines[2].startswith("| Ada and Grace | 46.4 | 8.1 | 35.9 | typical | extraversion -4.3")
    for name in PAIRS:
        file = f"chemistry-{name}.svg"
        assert (checkout / "docs" / file).read_text() == (tmp_path / file).read_text()


def test_the_command_needs_no_settings(tmp_path: Path) -> None:
    asked = [sys.executable, "-m", "local", "pairs", "--to", str(tmp_path)]
    path = {"PATH": os.environ["PATH"]}
    told = subprocess.run(  # noqa: S603 - our own program
        asked, cwd=CHECKOUT, env=path, capture_output=True, text=True, check=True
    )
    assert told.stdout.startswith("| pair | score |")
    assert len(list(tmp_path.iterdir())) == len(PAIRS)
