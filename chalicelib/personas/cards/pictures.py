"""Pixels: what a card shows, and a drawing made into one."""

import io

import resvg_py
from PIL import Image

from chalicelib.personas.cards import lettering
from chalicelib.personas.cards.share import emblem_card

EMBLEM_SIDE = 768
SMALL = (1080, 1080)
QUALITY = 84


def portrait_png(jpeg: bytes) -> bytes:
    out = io.BytesIO()
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
        image.convert("RGB").save(out, "PNG", compress_level=4)
    return out.getvalue()


def emblem_png(name: str) -> bytes:
    return rendered(emblem_card(name, side=EMBLEM_SIDE))


def small_jpeg(jpeg: bytes) -> bytes:
    out = io.BytesIO()
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
        image.thumbnail(SMALL)
        image.convert("RGB").save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def rendered(svg: str) -> bytes:
    """Draw an SVG of ours as PNG, with the letters that are shipped and no others."""
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            skip_system_fonts=True,
            font_files=lettering.font_files(),
            serif_family="Source Serif Pro",
            sans_serif_family="Source Sans Pro",
        )
    )
