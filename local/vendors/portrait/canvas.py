"""Where shapes become pixels: drawn at twice the size, so that edges come out soft."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from local.vendors.portrait.colours import INK, WHITE, Colour, mix
from local.vendors.portrait.shapes import Point, rounded

_OVERSAMPLING = 2
_SQUARE = 1000
_BLUR_REDUCTION = 8
_FADE_STEPS = 64

_Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Edges:
    left: float
    top: float
    right: float
    bottom: float


class Canvas:
    """A picture whose largest square at the bottom centre measures 1000 by 1000."""

    def __init__(self, width: int, height: int) -> None:
        self._image = Image.new("RGB", (width * _OVERSAMPLING, height * _OVERSAMPLING))
        self._draw = ImageDraw.Draw(self._image)
        side = min(self._image.size)
        self._unit = side / _SQUARE
        self._left = (self._image.width - side) / 2
        self._top = float(self._image.height - side)

    @property
    def edges(self) -> Edges:
        left, top = -self._left / self._unit, -self._top / self._unit
        return Edges(left, top, _SQUARE - left, _SQUARE)

    def fade(self, top: Colour, bottom: Colour) -> None:
        column = Image.new("RGB", (1, _FADE_STEPS))
        for row in range(_FADE_STEPS):
            column.putpixel((0, row), mix(top, bottom, row / (_FADE_STEPS - 1)))
        tall = column.resize((1, self._image.height), Image.Resampling.BICUBIC)
        self._image.paste(tall.resize(self._image.size, Image.Resampling.NEAREST))

    def paint(self, shape: Sequence[Point], fill: Colour) -> None:
        self._draw.polygon(self._pixels(shape), fill=fill)

    def tint(
        self,
        shape: Sequence[Point],
        fill: Colour,
        alpha: float = 1,
        *,
        within: Sequence[Point] | None = None,
        soft: float = 0,
    ) -> None:
        """Paint thinly; `within` clips to another shape, `soft` blurs the edge by that much."""
        outline = self._pixels(shape)
        clip = None if within is None else self._pixels(within)
        limits = [(0, 0, *self._image.size)] + ([] if clip is None else [_bounds(clip)])
        box = _shared_box(_bounds(outline, margin=round(2.5 * soft * self._unit)), limits)
        if box[0] >= box[2] or box[1] >= box[3]:
            return
        mask = _mask(outline, box, alpha)
        if soft:
            mask = _blurred_mask(outline, box, alpha, radius=soft * self._unit)
        if clip is not None:
            mask = ImageChops.multiply(mask, _mask(clip, box, 1))
        self._image.paste(fill, box, mask)

    def caption(self, text: str) -> None:
        font = ImageFont.load_default(size=15 * self._unit)
        x, y = self.edges.right - 24, self.edges.bottom - 22
        long = self._draw.textlength(text, font=font) / self._unit
        self.tint(rounded((x - long - 10, y - 17, x + 10, y + 10), 13), INK, 0.4)
        self._draw.text(self._pixels([(x, y)])[0], text, font=font, fill=WHITE, anchor="rs")

    def png(self) -> bytes:
        buffer = io.BytesIO()
        self._image.reduce(_OVERSAMPLING).save(buffer, "PNG", compress_level=3)
        return buffer.getvalue()

    def _pixels(self, shape: Sequence[Point]) -> list[Point]:
        return [(self._left + x * self._unit, self._top + y * self._unit) for x, y in shape]


def _bounds(outline: Sequence[Point], *, margin: int = 0) -> _Box:
    across, down = [x for x, _ in outline], [y for _, y in outline]
    return (
        int(min(across)) - margin,
        int(min(down)) - margin,
        int(max(across)) + 1 + margin,
        int(max(down)) + 1 + margin,
    )


def _shared_box(box: _Box, limits: Sequence[_Box]) -> _Box:
    return (
        max(box[0], *(limit[0] for limit in limits)),
        max(box[1], *(limit[1] for limit in limits)),
        min(box[2], *(limit[2] for limit in limits)),
        min(box[3], *(limit[3] for limit in limits)),
    )


def _mask(outline: Sequence[Point], box: _Box, alpha: float) -> Image.Image:
    left, top, right, bottom = box
    mask = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in outline], round(255 * alpha))
    return mask


def _blurred_mask(
    outline: Sequence[Point], box: _Box, alpha: float, *, radius: float
) -> Image.Image:
    """Blur a small mask and enlarge it: the eye sees no difference, the clock does."""
    small = [(x / _BLUR_REDUCTION, y / _BLUR_REDUCTION) for x, y in outline]
    left, top, right, bottom = (round(edge / _BLUR_REDUCTION) for edge in box)
    rough = _mask(small, (left, top, max(right, left + 1), max(bottom, top + 1)), alpha)
    blurred = rough.filter(ImageFilter.GaussianBlur(radius / _BLUR_REDUCTION))
    return blurred.resize((box[2] - box[0], box[3] - box[1]), Image.Resampling.BILINEAR)
