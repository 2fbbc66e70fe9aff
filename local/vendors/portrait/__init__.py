"""A bust drawn from words: it stands in for what an image model would paint."""

import io
import secrets
from functools import lru_cache

from PIL import Image

from local.vendors.chance import Chance
from local.vendors.portrait.beard import paint_facial_hair
from local.vendors.portrait.canvas import Canvas
from local.vendors.portrait.clothes import paint_collar, paint_neck, paint_torso
from local.vendors.portrait.colours import Palette, choose_palette
from local.vendors.portrait.face import head_outline, paint_features, paint_head
from local.vendors.portrait.hair import paint_back_hair, paint_front_hair
from local.vendors.portrait.headwear import paint_glasses, paint_hat
from local.vendors.portrait.look import Look, read_look
from local.vendors.portrait.robot import paint_robot
from local.vendors.portrait.scenery import paint_scenery

CAPTION = "local sketch"
PLAIN_SIDE = 16


@lru_cache(maxsize=16)
def draw_portrait(prompt: str, width: int = 1024, height: int = 1024) -> bytes:
    """Return a PNG, the same for the same prompt."""
    chance = Chance(prompt)
    look = read_look(prompt, chance)
    palette = choose_palette(look.scene, chance)
    canvas = Canvas(width, height)
    paint_scenery(canvas, look.scene, chance, palette)
    if look.is_robot:
        paint_robot(canvas, look, palette)
    else:
        _paint_person(canvas, look, palette)
    canvas.caption(CAPTION)
    return canvas.png()


@lru_cache(maxsize=16)
def as_jpeg(picture: bytes, quality: int) -> bytes:
    with Image.open(io.BytesIO(picture)) as drawn:
        out = io.BytesIO()
        drawn.save(out, "JPEG", quality=quality, subsampling=0)
        return out.getvalue()


def plain_picture() -> bytes:
    """Return a tiny PNG of one colour. No two are alike, as no two answers of a real model are."""
    out = io.BytesIO()
    colour = "#" + secrets.token_hex(3)
    Image.new("RGB", (PLAIN_SIDE, PLAIN_SIDE), colour).save(out, "PNG")
    return out.getvalue()


def _paint_person(canvas: Canvas, look: Look, palette: Palette) -> None:
    head = head_outline(look)
    paint_back_hair(canvas, look)
    paint_torso(canvas, look, palette)
    paint_neck(canvas, look)
    paint_collar(canvas, look, palette)
    paint_head(canvas, look, head)
    paint_features(canvas, look, head)
    paint_facial_hair(canvas, look, head)
    paint_front_hair(canvas, look, head)
    paint_glasses(canvas, look)
    paint_hat(canvas, look, palette)
