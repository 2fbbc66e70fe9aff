"""Whatever bytes a vendor sends: a small clean JPEG comes out, or `ImageRejected`."""

import io
import json
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
from PIL import Image, PngImagePlugin

from chalicelib.core.ports import MAX_IMAGE_BYTES, ImageRejected
from chalicelib.personas.portraits import MAX_SIDE, described, redraw
from local.vendors.spoilage import spoiled_picture

CANARY = b"canary-7f3a"
RED = Image.new("RGB", (64, 48), (200, 30, 40))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def colour(content: bytes) -> tuple[int, ...]:
    """The colour in the middle."""
    image = opened(redraw(content).content)
    found = image.getpixel((image.width // 2, image.height // 2))
    assert isinstance(found, tuple)
    return found


def is_near(found: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return all(abs(one - other) <= 4 for one, other in zip(found, wanted, strict=True))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_drawn_anew_as_a_jpeg(kind: str) -> None:
    portrait = redraw(encoded(RED, kind))
    image = opened(portrait.content)
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (64, 48))
    assert (portrait.mime, portrait.width, portrait.height) == ("image/jpeg", 64, 48)
    assert portrait.sha256 == sha256(portrait.content).hexdigest()
    assert is_near(colour(encoded(RED, kind)), (200, 30, 40))


def test_the_same_picture_is_drawn_the_same_way() -> None:
    assert redraw(encoded(RED, "PNG")) == redraw(encoded(RED, "PNG"))


def test_what_was_drawn_before_is_described_as_it_was() -> None:
    portrait = redraw(encoded(RED, "PNG"))
    assert described(portrait.content) == portrait


def _png_with_texts() -> bytes:
    texts = PngImagePlugin.PngInfo()
    for name in ("comment", "Comment", "Author", "exif", "icc_profile", "xmp", "dpi"):
        texts.add_text(name, CANARY.decode())
        texts.add_text(name, CANARY.decode(), zip=True)
        texts.add_itxt(name, CANARY.decode())
    texts.add_itxt("XML:com.adobe.xmp", CANARY.decode())
    return encoded(RED, "PNG", pnginfo=texts, exif=b"Exif\0\0" + CANARY, icc_profile=CANARY)


EXTRAS = {"exif": b"Exif\0\0" + CANARY, "xmp": CANARY, "icc_profile": CANARY * 20}
CARRIERS: dict[str, bytes] = {
    "the texts of a PNG": _png_with_texts(),
    "the metadata of a JPEG": encoded(RED, "JPEG", **EXTRAS),
    "the comment of a JPEG": encoded(RED, "JPEG", comment=CANARY),
    "the metadata of a WebP": encoded(RED, "WEBP", **EXTRAS),
    "the tail of a PNG": encoded(RED, "PNG") + b"PK\3\4" + CANARY,
    "the tail of a JPEG": encoded(RED, "JPEG") + b"<script>" + CANARY,
    "the tail of a WebP": encoded(RED, "WEBP") + b"<?php " + CANARY,
    "another PNG behind the PNG": encoded(RED, "PNG") + _png_with_texts(),
}


@pytest.mark.parametrize("where", CARRIERS)
def test_only_the_pixels_go_on(where: str) -> None:
    assert CANARY in CARRIERS[where] or where == "the texts of a PNG"
    content = redraw(CARRIERS[where]).content
    assert CANARY not in content
    found = set(opened(content).info)
    assert found <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def _grey_16(level: int) -> Image.Image:
    return Image.frombytes("I;16", (16, 16), struct.pack("<H", level) * 256)


PALETTE = RED.convert("P")
WITH_HOLES = bytes([0] * 8 + [255] * 248)
COLOURS: dict[str, tuple[bytes, tuple[int, int, int]]] = {
    "RGBA": (encoded(RED.convert("RGBA"), "PNG"), (200, 30, 40)),
    "RGBA in WebP": (encoded(RED.convert("RGBA"), "WEBP", lossless=True), (200, 30, 40)),
    "palette": (encoded(RED.quantize(8), "PNG"), (200, 30, 40)),
    "palette with one hole": (encoded(RED.quantize(8), "PNG", transparency=7), (200, 30, 40)),
    "palette with holes": (
        encoded(RED.quantize(8), "PNG", transparency=bytes([255] * 7 + [0])),
        (200, 30, 40),
    ),
    "CMYK": (encoded(RED.convert("CMYK"), "JPEG", quality=100), (200, 30, 40)),
    "grey": (encoded(Image.new("L", (16, 16), 128), "PNG"), (128, 128, 128)),
    "grey and alpha": (encoded(Image.new("LA", (16, 16), (128, 255)), "PNG"), (128, 128, 128)),
    "16 bits, dark": (encoded(_grey_16(0x2000), "PNG"), (32, 32, 32)),
    "16 bits, grey": (encoded(_grey_16(0x8000), "PNG"), (128, 128, 128)),
    "16 bits, white": (encoded(_grey_16(0xFFFF), "PNG"), (255, 255, 255)),
    "one bit": (encoded(Image.new("1", (16, 16), 1), "PNG"), (255, 255, 255)),
    "transparent": (encoded(Image.new("RGBA", (16, 16), (0, 0, 0, 0)), "PNG"), (255, 255, 255)),
    "transparent red": (
        encoded(Image.new("RGBA", (16, 16), (255, 0, 0, 0)), "PNG"),
        (255, 255, 255),
    ),
    "half transparent": (
        encoded(Image.new("RGBA", (16, 16), (0, 0, 0, 128)), "PNG"),
        (127, 127, 127),
    ),
    "progressive": (encoded(RED, "JPEG", progressive=True, quality=100), (200, 30, 40)),
}


@pytest.mark.parametrize("kind", COLOURS)
def test_every_way_to_keep_colours_is_understood(kind: str) -> None:
    """What is transparent shows the white paper that it is drawn on."""
    content, wanted = COLOURS[kind]
    assert is_near(colour(content), wanted)


def _frames(kind: str) -> bytes:
    others = [Image.new("RGB", (64, 48), (0, shade, 0)) for shade in (80, 160)]
    return encoded(RED, kind, save_all=True, append_images=others)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PNG = encoded(RED, "PNG")
NO_PICTURES: dict[str, bytes] = {
    "nothing": b"",
    "a zero": b"\0",
    "text": b"This is not a picture.",
    "a page": b"<!doctype html><title>Sign in</title>",
    "SVG": SVG,
    "SVG with a head": b'<?xml version="1.0"?>' + SVG,
    "GIF": encoded(RED, "GIF"),
    "TIFF": encoded(RED, "TIFF"),
    "BMP": encoded(RED, "BMP"),
    "ICO": encoded(RED, "ICO"),
    "PPM": encoded(RED, "PPM"),
    "TGA": encoded(RED, "TGA"),
    "PCX": encoded(RED, "PCX"),
    "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(64),
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n",
    "PDF": b"%PDF-1.7\n",
    "a ZIP": b"PK\3\4" + bytes(64),
    "an animated PNG": _frames("PNG"),
    "an animated WebP": _frames("WEBP"),
    "two pictures in a JPEG": _frames("MPO"),
    "the first half of a PNG": PNG[: len(PNG) // 2],
    "the first half of a JPEG": encoded(RED, "JPEG")[:400],
    "the first half of a WebP": encoded(RED, "WEBP")[:60],
    "a PNG behind a line": b"\n" + PNG,
    "a PNG of no width": PNG[:16] + bytes(4) + PNG[20:],
    "too wide": encoded(Image.new("L", (MAX_SIDE + 1, 1)), "PNG"),
    "too high": encoded(Image.new("L", (1, MAX_SIDE + 1)), "JPEG"),
    "too high a WebP": encoded(Image.new("L", (1, MAX_SIDE + 1)), "WEBP"),
    "too many bytes": PNG + bytes(MAX_IMAGE_BYTES),
}


@pytest.mark.parametrize("kind", NO_PICTURES)
def test_anything_else_is_rejected(kind: str) -> None:
    with pytest.raises(ImageRejected):
        redraw(NO_PICTURES[kind])


@pytest.mark.parametrize("size", [(1, 1), (MAX_SIDE, 1), (1, MAX_SIDE), (1024, 1536)])
def test_every_size_up_to_the_limit_is_drawn(size: tuple[int, int]) -> None:
    portrait = redraw(encoded(Image.new("RGB", size), "PNG"))
    assert (portrait.width, portrait.height) == size


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, *chunks: bytes) -> bytes:
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = _chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"".join([b"\x89PNG\r\n\x1a\n", header, *chunks, pixels, _chunk(b"IEND", b"")])


def _webp(side: int) -> bytes:
    size = struct.pack("<I", side - 1)[:3]
    head = b"VP8X" + struct.pack("<I", 10) + bytes([2, 0, 0, 0]) + size + size
    frame = encoded(RED, "WEBP")[12:]
    place = bytes(6) + struct.pack("<I", 63)[:3] + struct.pack("<I", 47)[:3] + bytes(4)
    body = head + b"ANIM" + struct.pack("<I", 6) + bytes(6)
    body += b"ANMF" + struct.pack("<I", len(place) + len(frame)) + place + frame
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _jpeg(side: int) -> bytes:
    small = encoded(RED, "JPEG")
    at = small.index(b"\xff\xc0") + 5
    return small[:at] + struct.pack(">HH", side, side) + small[at + 4 :]


def _inflatable() -> bytes:
    return zlib.compress(bytes(50_000_000))


BOMBS: dict[str, Callable[[], bytes]] = {
    "a PNG of 400 million pixels": lambda: spoiled_picture(b"", "bomb"),
    "a PNG of 4 billion": lambda: _png(65_000, 65_000),
    "a PNG of 100 million": lambda: _png(10_000, 10_000),
    "a WebP of 268 million": lambda: _webp(16_383),
    "a JPEG of 4 billion": lambda: _jpeg(65_500),
    "a text of 50 MB": lambda: _png(8, 8, _chunk(b"zTXt", b"a\0\0" + _inflatable())),
    "a translated text of 50 MB": lambda: _png(
        8, 8, _chunk(b"iTXt", b"a\0\1\0\0\0" + _inflatable())
    ),
}

MEASURE = """
import json, resource, sys
from chalicelib.core.ports import MAX_IMAGE_BYTES, ImageRejected
from chalicelib.personas.portraits import redraw
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[1:]:
    try:
        redraw(open(path, "rb").read())
    except ImageRejected:
        continue
    sys.exit(f"{path} was drawn")
print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before))
"""


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_rejected_at_once(kind: str) -> None:
    bomb = BOMBS[kind]()
    assert len(bomb) < 300_000
    began = time.monotonic()
    with pytest.raises(ImageRejected):
        redraw(bomb)
    assert time.monotonic() - began < 0.5


def test_bombs_take_little_memory(tmp_path: Path, checkout: Path) -> None:
    """Peaks only rise, so they are measured in a process of their own."""
    paths = []
    for index, bomb in enumerate(BOMBS.values()):
        paths.append(tmp_path / str(index))
        paths[-1].write_bytes(bomb())
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", MEASURE, *map(str, paths)],
        cwd=checkout,
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout) < 50 * 1024


def _repaired(content: bytes) -> bytes:
    """Give every chunk the checksum that fits it: only then is it looked into."""
    out, at = bytearray(content[:8]), 8
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4])
        kind, data = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        out += _chunk(kind, data)
        at += 12 + length
    return bytes(out)


def _mutated(original: bytes, random: Random) -> bytes:
    content = bytearray(original)
    reach = len(content) if random.random() < 0.5 else min(200, len(content))
    for _ in range(random.randint(1, 8)):
        content[random.randrange(reach)] = random.choice((0, 255, random.randrange(256)))
    if random.random() < 0.2:
        del content[random.randrange(len(content)) :]
    return _repaired(bytes(content)) if random.random() < 0.6 else bytes(content)


def test_five_thousand_spoilt_pngs_are_drawn_or_rejected() -> None:
    """Warnings are errors here: nothing is printed beside the log either."""
    originals = [
        _png_with_texts(),
        encoded(RED.convert("RGBA"), "PNG"),
        encoded(RED.quantize(8), "PNG", transparency=bytes([255] * 7 + [0])),
        encoded(_grey_16(0x8000), "PNG"),
        _frames("PNG"),
    ]
    random = Random(11)  # noqa: S311 - the same bytes each time
    drawn = 0
    for _ in range(5000):
        spoilt = _mutated(random.choice(originals), random)
        try:
            portrait = redraw(spoilt)
        except ImageRejected:
            continue
        assert max(portrait.width, portrait.height) <= MAX_SIDE
        drawn += 1
    assert 100 < drawn < 4900
