"""Bytes that are not the picture that was paid for."""

import io
import struct
import zlib
from collections.abc import Callable, Mapping
from functools import cache

from PIL import Image

PAGE = b"<!doctype html><title>Sign in</title><p>The picture is somewhere else."

_BOMB_SIDE = 20_000


def spoiled_picture(content: bytes, kind: str) -> bytes:
    spoil = _SPOILT.get(kind)
    return spoil(content) if spoil else content


def _half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _encoded(content: bytes, form: str) -> bytes:
    out = io.BytesIO()
    with Image.open(io.BytesIO(content)) as picture:
        picture.convert("RGB").save(out, form)
    return out.getvalue()


@cache
def _bomb() -> bytes:
    """Pack 400 million black pixels into some 50 kB of valid PNG."""
    row = bytes(1 + _BOMB_SIDE // 8)
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(row) for _ in range(_BOMB_SIDE)) + packer.flush()
    header = struct.pack(">IIBBBBB", _BOMB_SIDE, _BOMB_SIDE, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


_SPOILT: Mapping[str, Callable[[bytes], bytes]] = {
    "html": lambda _: PAGE,
    "gif": lambda picture: _encoded(picture, "GIF"),
    "truncated": _half,
    "truncated_jpeg": lambda picture: _half(_encoded(picture, "JPEG")),
    "bomb": lambda _: _bomb(),
    "empty": lambda _: b"",
}
