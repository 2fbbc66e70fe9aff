"""The two radars one over the other, and what each trait adds. It says in words what it shows, and
tells the two apart by line and mark as well as by colour. It measures letters: import it late."""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.analyses.instruments import Trait
from chalicelib.personas.cards import drawing, lettering
from chalicelib.personas.cards.drawing import GOLD, INK, PAPER, QUIET, TEAL
from chalicelib.personas.cards.lettering import SANS, SANS_STRONG, SERIF, Block
from chalicelib.personas.cards.radar import LABELS, TRAITS, Radar, Score
from chalicelib.social.pairs import words
from chalicelib.social.pairs.schemas import ContributionRead, ScoreRead

WIDTH, HEIGHT = 1080, 1350
MARGIN = 64
RADAR = Radar(centre=(540, 600), radius=210)
DASHES = ' stroke-dasharray="14 9"'
ROWS, ROW_HEIGHT = 950, 58
AXIS, SCALE, LONGEST = 690, 12.0, 250
"""Where the bars begin, how long a point is, and where a bar stops."""

Named = tuple[str, Mapping[str, Any]]


def draw(a: Named, b: Named, told: ScoreRead) -> str:
    (one, _), (other, _) = a, b
    title = f"{one} and {other}, two AI personas: {told.score:.0f} of 100"
    parts = [
        f"<title>{drawing.data(title)}</title>",
        f"<desc>{drawing.data(_description(told))}</desc>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>',
        *_head(one, other, told),
        *_radars(a, b),
        *(part for row, each in enumerate(told.contributions) for part in _bar(row, each)),
        *_caveat(told.caveat),
    ]
    return drawing.document(parts, width=WIDTH, height=HEIGHT)


def _description(told: ScoreRead) -> str:
    parts = (
        f"{words.NAMES[each.trait]} {words.signed(each.points)}" for each in told.contributions
    )
    return f"{told.summary} By trait: {', '.join(parts)}. {told.caveat}"


def _head(one: str, other: str, told: ScoreRead) -> Iterator[str]:
    box = WIDTH - 2 * MARGIN - 300
    for name, mark, colour, top in ((one, _dot, GOLD, 118), (other, _square, TEAL, 196)):
        block = lettering.fit(name, font=SERIF, sizes=range(56, 27, -4), box=box, most=1)
        yield mark(MARGIN + 12, top - 16, colour)
        yield from drawing.text(block, at=(MARGIN + 44, top), fill=INK)
    score = Block((f"{told.score:.0f}",), 132, SERIF)
    margin = Block((f"\N{PLUS-MINUS SIGN} {told.margin:.0f}",), 40, SANS_STRONG)
    label = Block((words.LABEL_WORDS[told.label],), 30, SANS)
    yield from drawing.text(score, at=(WIDTH - MARGIN - 96, 160), fill=INK, anchor="end")
    yield from drawing.text(margin, at=(WIDTH - MARGIN, 160), fill=QUIET, anchor="end")
    yield from drawing.text(label, at=(WIDTH - MARGIN, 214), fill=GOLD, anchor="end")
    note = Block(("Two AI personas. 50 is a typical pair.",), 24, SANS)
    yield from drawing.text(note, at=(MARGIN, 262), fill=QUIET)


def _radars(a: Named, b: Named) -> Iterator[str]:
    first, second = ([_score(traits[name]) for name in TRAITS] for _, traits in (a, b))
    yield from RADAR.web()
    yield from RADAR.shape(first, colour=GOLD)
    yield from RADAR.shape(second, colour=TEAL, dashes=DASHES)
    yield from RADAR.dots(first, colour=GOLD)
    yield from RADAR.squares(second, colour=TEAL)
    for place, name in enumerate(TRAITS):
        levels = f"\N{BLACK CIRCLE} {first[place][0] * 100:.0f}   "
        levels += f"\N{BLACK SQUARE} {second[place][0] * 100:.0f}"
        yield from RADAR.label(place, LABELS[name], levels)


def _score(trait: Mapping[str, Any]) -> Score:
    """The picture shows what is compared: the estimate, not what was observed."""
    return trait["estimate"], trait["se"]


def _bar(row: int, each: ContributionRead) -> Iterator[str]:
    y = ROWS + row * ROW_HEIGHT
    long = min(abs(each.points) * SCALE, LONGEST)
    left = AXIS if each.points >= 0 else AXIS - long
    colour, fill = (GOLD, 0.9) if each.points >= 0 else (QUIET, 0.25)
    name = Block((LABELS[Trait(each.trait).value],), 28, SANS)
    points = Block((words.signed(each.points),), 28, SANS_STRONG)
    yield from drawing.text(name, at=(MARGIN, y), fill=INK)
    yield (
        f'<rect x="{left:.1f}" y="{y - 22}" width="{long:.1f}" height="28" fill="{colour}" '
        f'fill-opacity="{fill}" stroke="{colour}"/>'
    )
    yield f'<path d="M{AXIS} {y - 30}V{y + 14}" stroke="{INK}" stroke-opacity="0.5"/>'
    yield from drawing.text(points, at=(WIDTH - MARGIN, y), fill=INK, anchor="end")


def _caveat(text: str) -> Iterator[str]:
    box = WIDTH - 2 * MARGIN
    block = lettering.fit(text, font=SANS, sizes=range(24, 21, -1), box=box, most=3)
    yield from drawing.text(block, at=(MARGIN, ROWS + 5 * ROW_HEIGHT + 20), fill=QUIET)


def _dot(x: float, y: float, colour: str) -> str:
    return f'<circle cx="{x}" cy="{y}" r="12" fill="{colour}"/>'


def _square(x: float, y: float, colour: str) -> str:
    return f'<rect x="{x - 11}" y="{y - 11}" width="22" height="22" fill="{colour}"/>'
