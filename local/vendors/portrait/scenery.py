"""What lies behind the sitter. Each scene leaves the middle calm, for the head."""

from collections.abc import Callable

from local.vendors.chance import Chance
from local.vendors.portrait import nature, patterns, places
from local.vendors.portrait.canvas import Canvas
from local.vendors.portrait.colours import Palette

Painter = Callable[[Canvas, Chance, Palette], None]

_NAMED: dict[str, Painter] = {
    "circuit": places.paint_circuit,
    "city": places.paint_city,
    "forest": nature.paint_forest,
    "library": places.paint_library,
    "mountains": nature.paint_mountains,
    "night": nature.paint_night,
    "sea": nature.paint_sea,
    "sunset": nature.paint_sunset,
}
_ANYWHERE: tuple[Painter, ...] = (
    nature.paint_hills,
    patterns.paint_arches,
    patterns.paint_bubbles,
    patterns.paint_leaves,
    patterns.paint_rays,
)


def paint_scenery(canvas: Canvas, scene: str, chance: Chance, palette: Palette) -> None:
    canvas.fade(palette.top, palette.bottom)
    painter = _NAMED.get(scene) or chance.pick("scenery", _ANYWHERE)
    painter(canvas, chance, palette)
