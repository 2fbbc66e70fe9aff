"""What five extreme people become."""

import contextlib
import io

from local.cli import main


def shown() -> str:
    with contextlib.redirect_stdout(io.StringIO()) as written:
        assert main(["quality"]) == 0
    return written.getvalue()


def test_each_profile_has_its_row_its_figures_and_its_prompt() -> None:
    text = shown()
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    assert {len(row) for row in rows} == {10}
    assert len(rows) == 1 + 1 + 5
    for _, *_, good, poor, mended in rows[2:]:
        assert float(good) >= 0.8
        assert mended == "not needed" or float(poor) < float(mended) <= 1
    assert "not needed" in {row[-1] for row in rows} != {"not needed"}
    assert text.count("House rules:") == 5


def test_it_says_what_it_does_not_show() -> None:
    assert "only a real model shows how a persona behaves" in shown()
