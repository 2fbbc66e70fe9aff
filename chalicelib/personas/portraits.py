"""Vendor images are hostile until they have been decoded and drawn anew."""

import io
import warnings
from dataclasses import dataclass
from hashlib import sha256

from PIL import Image, UnidentifiedImageError

from chalicelib.core.ports import MAX_IMAGE_BYTES, ImageRejected

MAX_SIDE = 4096
MIME = "image/jpeg"
QUALITY = 92
UNREADABLE = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    OSError,
    SyntaxError,
    ValueError,
)


@dataclass(frozen=True)
class Portrait:
    content: bytes
    mime: str
    width: int
    height: int
    sha256: str


def redraw(content: bytes) -> Portrait:
    """Decode a PNG, JPEG or WebP image of one frame and encode its pixels as a new JPEG.

    Metadata and anything appended to the file are left behind. Raises `ImageRejected` for what is
    no such image, is over 20 MB, or is over 4096 pixels a side.
    """
    if len(content) > MAX_IMAGE_BYTES:
        raise ImageRejected
    out = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a spoilt picture is rejected or drawn, not discussed
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=("PNG", "JPEG", "WEBP")) as image:
                if max(image.size) > MAX_SIDE or getattr(image, "n_frames", 1) != 1:
                    raise ImageRejected
                _on_paper(image).save(out, "JPEG", quality=QUALITY, subsampling=0)
    except UNREADABLE as error:
        raise ImageRejected from error
    return described(out.getvalue())


def _on_paper(image: Image.Image) -> Image.Image:
    """Return the pixels alone, in eight bits a colour; what is transparent shows white paper."""
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda level: level * (1 / 256)).convert("L")
    if image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        paper.alpha_composite(image.convert("RGBA"))
        image = paper
    drawn = image if image.mode == "RGB" else image.convert("RGB")
    drawn.load()
    drawn.info.clear()  # a comment would be written again
    return drawn


def is_the_one(content: bytes, digest: str | None) -> bool:
    """Tell a portrait that we have drawn before by its hash, which came from where we keep it."""
    return sha256(content).hexdigest() == digest


def described(content: bytes) -> Portrait:
    """Describe a portrait that we have drawn before."""
    with Image.open(io.BytesIO(content), formats=("JPEG",)) as image:
        return Portrait(content, MIME, image.width, image.height, sha256(content).hexdigest())
