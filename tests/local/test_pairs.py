"""The pictures of three pairs that the documents show."""

from pathlib import Path

from local.pairs import PAIRS, report


def test_the_pictures_in_the_documents_are_those_that_are_drawn(
    tmp_path: Path, checkout: Path
) -> None:
    lines = report(tmp_path).splitlines()
    assert lines[2].startswith("| Ada and Grace | 46.4 | 8.1 | 35.9 | typical | extraversion -4.3")
    for name in PAIRS:
        file = f"chemistry-{name}.svg"
        assert (checkout / "docs" / file).read_text() == (tmp_path / file).read_text()
