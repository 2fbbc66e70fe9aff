"""A talk of TURNS turns with the emulated vendor: tokens by turn, as the vendor counts them.

Writes the picture `docs/chat-tokens.svg`.
"""

import os
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bench.events import event_of
from bench.floor import quiet
from bench.samples import show
from local.stack import Stack
from local.vendors.control import Control

TURNS = int(os.environ.get("TURNS", "300"))
PICTURE = Path(__file__).resolve().parent.parent / "docs" / "chat-tokens.svg"
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 760, 300, 60, 40, 46
TOPICS = (
    "the sea at night",
    "an engine that hums",
    "bread",
    "my sister's letters",
    "the last train",
)
WINDOW = 50

_COUNTED = sa.text("""
SELECT step, coalesce((units->>'input_tokens')::int, 0) AS tokens, turn_id FROM usage_events
WHERE user_id = :user_id AND turn_id IS NOT NULL AND status = 'settled' ORDER BY id
""")


def main() -> None:
    with TemporaryDirectory() as directory, Stack(Path(directory), backing_only=True) as stack:
        os.environ |= stack.env | {"DATABASE_POOL_SIZE": "2", "DAILY_TEXTS": str(TURNS + 50)}
        replies, folds = talk(stack)
    report(replies, folds)
    PICTURE.write_text(drawn(replies, folds))
    print(f"\n{PICTURE.relative_to(PICTURE.parent.parent)} is written.")


def talk(stack: Stack) -> tuple[list[int], dict[int, int]]:
    """Return the tokens of each turn's question, and those of the folds by their turn."""
    from app import app  # noqa: PLC0415 - it reads the settings, which are there only now
    from bench.rows import add_ready  # noqa: PLC0415
    from chalicelib import migrations  # noqa: PLC0415
    from chalicelib.core.db import reading  # noqa: PLC0415

    migrations.upgrade()
    hush(quiet())
    Control(f"http://127.0.0.1:{stack.port_of['vendors']}").latency(text=0, moderation=0)
    user_id = add_ready()
    for number in range(TURNS):
        say(app, user_id, number)
    with reading() as session:
        rows = session.execute(_COUNTED, {"user_id": user_id}).all()
    replies, folds = [], {}
    places: dict[UUID, int] = {}
    for row in rows:
        place = places.setdefault(row.turn_id, len(places))
        if row.step == "reply":
            replies.append(row.tokens)
        else:
            folds[place] = row.tokens
    return replies, folds


def say(app: Any, user_id: UUID, number: int) -> None:
    topic = TOPICS[number % len(TOPICS)]
    message = f"Number {number}: tell me about {topic}. " + "I have time. " * (number * 7 % 20)
    answer = app(event_of(user_id, "POST", "/personas/me/chat", body={"message": message}), None)
    if answer["statusCode"] != 200:  # noqa: PLR2004
        raise AssertionError(answer)


def hush(log: Any) -> None:
    import logging  # noqa: PLC0415

    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(log)


def report(replies: list[int], folds: dict[int, int]) -> None:
    rows = []
    for first in range(0, len(replies), WINDOW):
        asked = replies[first : first + WINDOW]
        folded = [tokens for turn, tokens in folds.items() if first <= turn < first + WINDOW]
        whole = (sum(asked) + sum(folded)) / len(asked)
        rows.append(
            [
                f"turns {first + 1} to {first + len(asked)}",
                f"{mean(asked):.0f}",
                str(max(asked)),
                str(len(folded)),
                f"{whole:.0f}",
            ]
        )
    show(
        f"Tokens told to the model in a talk of {len(replies)} turns",
        ("", "mean", "most", "folds", "mean with folds"),
        rows,
    )


def drawn(replies: list[int], folds: dict[int, int]) -> str:
    top = max([*replies, *folds.values()]) * 1.1

    def at(turn: int, tokens: float) -> tuple[float, float]:
        across = LEFT + (WIDTH - LEFT - 20) * turn / max(1, len(replies) - 1)
        return across, HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * tokens / top

    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(at, range(len(replies)), replies))
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
        for x, y in (at(turn, tokens) for turn, tokens in sorted(folds.items()))
    )
    heights = {value: at(0, value)[1] for value in range(0, int(top), 1000)}
    rules = "".join(f'<path d="M{LEFT} {y:.1f}H{WIDTH - 20}"/>' for y in heights.values())
    scale = "".join(
        f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value}</text>'
        for value, y in heights.items()
    )
    turns = "".join(
        f'<text x="{at(turn, 0)[0]:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
        f"{turn}</text>"
        for turn in range(0, len(replies) + 1, WINDOW)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="system-ui, sans-serif" font-size="12">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        f'<text x="{LEFT}" y="24" font-size="14">Tokens told to the model, by turn: for the reply '
        "(line), for the summary (dots)</text>"
        f'<g stroke="#ddd">{rules}</g><g fill="#555">{scale}{turns}</g>'
        f'<polyline points="{line}" fill="none" stroke="#2a6f97" stroke-width="1.5"/>'
        f'<g fill="#c1121f">{dots}</g></svg>\n'
    )
