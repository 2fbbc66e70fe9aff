"""Bytes that are not the picture that was paid for."""

import struct
import zlib
from functools import cache

PAGE = b"<!doctype html><title>Sign in</title><p>The picture is somewhere else."

_BOMB_SIDE = 20_000


def spoiled_picture(content: bytes, kind: str) -> bytes:
    match kind:
        case "html":
            return PAGE
        case "truncated":
            return content[: len(content) // 2]
        case "bomb":
            return _bomb()
        case "empty":
            return b""
        case _:
            return content


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
