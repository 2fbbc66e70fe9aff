"""Vendor images are hostile until they have been decoded and drawn anew."""

import io
import warnings
from dataclasses import dataclass
from hashlib import sha256

from PIL import Image, UnidentifiedImageError

from chalicelib.core.ports import ImageRejected

MAX_BYTES = 20 * 1024 * 1024
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
    if len(content) > MAX_BYTES:
        raise ImageRejected
    out = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=("PNG", "JPEG", "WEBP")) as image:
                if max(image.size) > MAX_SIDE or getattr(image, "n_frames", 1) != 1:
                    raise ImageRejected
                drawn = image.convert("RGB")
                drawn.save(out, "JPEG", quality=QUALITY, subsampling=0)
    except UNREADABLE as error:
        raise ImageRejected from error
    return described(out.getvalue())


def described(content: bytes) -> Portrait:
    """Describe a portrait that we have drawn before."""
    with Image.open(io.BytesIO(content), formats=("JPEG",)) as image:
        return Portrait(content, MIME, image.width, image.height, sha256(content).hexdigest())
