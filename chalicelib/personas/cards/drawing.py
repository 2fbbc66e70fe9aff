"""What every drawing of ours is made of: SVG whose texts are data, in letters that are shipped."""

import re
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from chalicelib.personas.cards.lettering import SANS, SANS_STRONG, SERIF, SERIF_ITALIC, Block

PAPER, INK, QUIET, GOLD, TEAL = "#14121b", "#f8f4ec", "#b4adbf", "#ecc673", "#6fd3c7"
LINE_HEIGHT = 1.18
FAMILIES = {
    SERIF: "'Source Serif Pro', Georgia, 'DejaVu Sans', serif",
    SERIF_ITALIC: "'Source Serif Pro', Georgia, 'DejaVu Sans', serif",
    SANS: "'Source Sans Pro', 'Helvetica Neue', 'DejaVu Sans', sans-serif",
    SANS_STRONG: "'Source Sans Pro', 'Helvetica Neue', 'DejaVu Sans', sans-serif",
}
STYLES = {
    SERIF: 'font-weight="600"',
    SERIF_ITALIC: 'font-style="italic"',
    SANS: "",
    SANS_STRONG: 'font-weight="600"',
}

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(parts: Iterable[str], *, width: int, height: int) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">'
    )
    return "".join([head, *parts, "</svg>"])


def text(
    block: Block, *, at: tuple[float, float], fill: str, anchor: str = "start"
) -> Iterator[str]:
    x, y = at
    for number, line in enumerate(block.lines):
        yield (
            f'<text x="{x:.1f}" y="{y + number * block.size * LINE_HEIGHT:.1f}" fill="{fill}" '
            f'font-family="{FAMILIES[block.font]}" font-size="{block.size}" {STYLES[block.font]} '
            f'text-anchor="{anchor}">{data(line)}</text>'
        )


def data(content: str) -> str:
    return escape(_NOT_IN_XML.sub(" ", content))
