"""The share card: one drawing, as SVG. Every text in it is data; it runs and fetches nothing."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from chalicelib.core.models import TraitSource
from chalicelib.personas.cards import drawing, lettering
from chalicelib.personas.cards.drawing import GOLD, INK, PAPER, QUIET
from chalicelib.personas.cards.lettering import SANS, SANS_STRONG, SERIF, SERIF_ITALIC, Block
from chalicelib.personas.cards.radar import LABELS, TRAITS, Radar
from chalicelib.personas.cards.writing import Exported

WIDTH, HEIGHT = 1080, 1350
PICTURE_HEIGHT = 880
MARGIN = 64
TEXT_WIDTH = WIDTH - 2 * MARGIN
TEXT_ENDS = 908

RADAR = Radar(centre=(376, 1158), radius=136)
ASIDE = 744
UNKNOWN = "too few answers"
"""What stands in place of a score that is only what is usual among people."""

Trait = Mapping[str, Any]


def share_card(exported: Exported, *, picture: bytes | None) -> str:
    """`picture` is a small JPEG of the portrait. Without one, the initial stands there."""
    persona = exported.persona
    title = f"{persona.name}, AI persona {exported.basis}"
    parts = [
        f"<title>{drawing.data(title)}</title>",
        _gradients(),
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>',
        _picture(picture) if picture else emblem(persona.name, width=WIDTH, height=PICTURE_HEIGHT),
        f'<rect width="{WIDTH}" height="{PICTURE_HEIGHT + 2}" fill="url(#dusk)"/>',
        _badge(),
        *_words(exported),
        *(_radar(persona.traits) if persona.traits else _summary(persona.summary)),
        *_aside(exported),
    ]
    return drawing.document(parts, width=WIDTH, height=HEIGHT)


def emblem_card(name: str, *, side: int) -> str:
    """Draw what stands in for a portrait."""
    return drawing.document([emblem(name, width=side, height=side)], width=side, height=side)


def emblem(name: str, *, width: int, height: int) -> str:
    """Draw the name's initial on a colour of its own."""
    hue = int.from_bytes(sha256(name.encode()).digest()[:2]) % 360
    initial = next((each for each in name if each.isalnum()), "\N{BULLET}").upper()[:1]
    block = Block((initial,), height // 2, SERIF)
    middle = (width / 2, height * 0.5 + block.size * 0.33)
    return (
        '<linearGradient id="sky" x1="0" y1="0" x2="1" y2="1">'
        f'<stop offset="0" stop-color="hsl({hue}, 38%, 42%)"/>'
        f'<stop offset="1" stop-color="hsl({(hue + 50) % 360}, 45%, 22%)"/></linearGradient>'
        f'<rect width="{width}" height="{height}" fill="url(#sky)"/>'
        + "".join(drawing.text(block, at=middle, fill=INK, anchor="middle"))
    )


def _gradients() -> str:
    return (
        '<linearGradient id="dusk" x1="0" y1="0" x2="0" y2="1">'
        f'<stop offset="0" stop-color="{PAPER}" stop-opacity="0.28"/>'
        f'<stop offset="0.16" stop-color="{PAPER}" stop-opacity="0"/>'
        f'<stop offset="0.5" stop-color="{PAPER}" stop-opacity="0.05"/>'
        f'<stop offset="0.78" stop-color="{PAPER}" stop-opacity="0.82"/>'
        f'<stop offset="1" stop-color="{PAPER}"/></linearGradient>'
    )


def _picture(jpeg: bytes) -> str:
    uri = f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"
    return (
        f'<image width="{WIDTH}" height="{PICTURE_HEIGHT}" '
        f'preserveAspectRatio="xMidYMid slice" href="{uri}"/>'
    )


def _badge() -> str:
    block = Block(("AI persona",), 26, SANS_STRONG)
    wide = round(lettering.width(block.lines[0], font=block.font, size=block.size)) + 48
    left = WIDTH - MARGIN - wide
    return (
        f'<rect x="{left}" y="{MARGIN - 4}" width="{wide}" height="50" rx="25" '
        f'fill="{PAPER}" fill-opacity="0.72" stroke="{GOLD}" stroke-opacity="0.9"/>'
    ) + "".join(drawing.text(block, at=(left + wide / 2, MARGIN + 30), fill=GOLD, anchor="middle"))


def _words(exported: Exported) -> Iterator[str]:
    """Stack name, title and motto, so that the last line ends where the scores begin."""
    persona = exported.persona
    stack: list[tuple[Block, str, float]] = []
    if persona.motto:
        sizes = range(44, 27, -4)
        motto = lettering.fit(persona.motto, font=SERIF_ITALIC, sizes=sizes, box=TEXT_WIDTH, most=3)
        stack.append((motto, INK, 26))
    if persona.title:
        sizes = range(34, 25, -4)
        title = lettering.fit(persona.title, font=SANS_STRONG, sizes=sizes, box=TEXT_WIDTH, most=2)
        stack.append((title, GOLD, 16))
    name = lettering.fit(persona.name, font=SERIF, sizes=range(104, 47, -8), box=TEXT_WIDTH, most=2)
    stack.append((name, INK, 0))
    ends = float(TEXT_ENDS)
    for block, fill, gap in stack:
        yield from drawing.text(block, at=(MARGIN, ends - _height(block)), fill=fill)
        ends -= _height(block) + block.size + gap


def _height(block: Block) -> float:
    return (len(block.lines) - 1) * block.size * drawing.LINE_HEIGHT


def _summary(summary: str | None) -> Iterator[str]:
    block = lettering.fit(summary or "", font=SANS, sizes=range(32, 23, -2), box=580, most=8)
    yield from drawing.text(block, at=(MARGIN, 1000), fill=INK)


def _aside(exported: Exported) -> Iterator[str]:
    box = WIDTH - MARGIN - ASIDE
    top = 1076.0
    archetype = (exported.persona.archetype or {}).get("name")
    if isinstance(archetype, str):
        block = lettering.fit(archetype, font=SERIF, sizes=range(42, 27, -4), box=box, most=2)
        yield from drawing.text(block, at=(ASIDE, top), fill=GOLD)
        top += _height(block) + 56
    basis = exported.basis[:1].upper() + exported.basis[1:]
    block = lettering.fit(basis, font=SANS_STRONG, sizes=range(32, 23, -2), box=box, most=3)
    yield from drawing.text(block, at=(ASIDE, top), fill=INK)
    if exported.persona.traits:
        note = "The pale band is the margin: how far off each score may be."
        top += _height(block) + 48
        small = lettering.fit(note, font=SANS, sizes=range(24, 23, -1), box=box, most=4)
        yield from drawing.text(small, at=(ASIDE, top), fill=QUIET)


def _radar(traits: Mapping[str, Any]) -> Iterator[str]:
    """Draw the five scores as a web, each within the margin that it has."""
    scores = [_score(traits[name]) for name in TRAITS]
    yield from RADAR.web()
    yield from RADAR.shape(scores, colour=GOLD)
    yield from RADAR.dots(scores, colour=GOLD)
    for place, (name, (value, se)) in enumerate(zip(TRAITS, scores, strict=True)):
        is_known = traits["source"] != TraitSource.PEER or traits[name]["observed"] is not None
        score = f"{value * 100:.0f} \N{PLUS-MINUS SIGN} {se * 100:.0f}"
        yield from RADAR.label(place, LABELS[name], score if is_known else UNKNOWN)


def _score(trait: Trait) -> tuple[float, float]:
    """Return what friends saw, or else what was inferred, and how far off it may be."""
    observed = trait.get("observed")
    return (trait["estimate"] if observed is None else observed), trait["se"]
