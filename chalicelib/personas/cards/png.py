"""The chunks of a PNG file. Nothing is inflated here: the pixels are a library's business."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_CHUNKS = 4096
MAX_LENGTH = 2**31 - 1
_AROUND = 12
"""Bytes of a chunk beside its content: length, kind and check sum."""

HEADER, PALETTE, TRANSPARENCY, PIXELS, TEXT, END = (
    b"IHDR",
    b"PLTE",
    b"tRNS",
    b"IDAT",
    b"tEXt",
    b"IEND",
)
ANIMATION = b"acTL"


class NotPng(ValueError):
    """The message says in a few words what is wrong with the file."""


@dataclass(frozen=True)
class Chunk:
    kind: bytes
    content: bytes


@dataclass(frozen=True)
class Header:
    width: int
    height: int


def read(file: bytes) -> list[Chunk]:
    """Return the chunks of a PNG that is whole: every check sum right, and nothing after its end.

    Raises `NotPng`.
    """
    if not file.startswith(SIGNATURE):
        raise NotPng("it is no PNG")
    chunks = list(_chunks(memoryview(file)))
    kinds = [chunk.kind for chunk in chunks]
    if kinds[:1] != [HEADER] or kinds.count(HEADER) != 1 or PIXELS not in kinds:
        raise NotPng("it has no picture")
    return chunks


def header(chunks: Sequence[Chunk]) -> Header:
    """Raises `NotPng` when the first chunk does not tell the size."""
    content = chunks[0].content
    if len(content) != struct.calcsize(">IIBBBBB"):
        raise NotPng("its header is broken")
    width, height = struct.unpack_from(">II", content)
    return Header(width, height)


def write(chunks: Iterable[Chunk]) -> bytes:
    return SIGNATURE + b"".join(map(_written, chunks))


def texts(chunks: Iterable[Chunk]) -> Iterator[tuple[bytes, bytes]]:
    """Yield keyword and text of the plain text chunks. Compressed ones stay shut."""
    for chunk in chunks:
        if chunk.kind == TEXT:
            keyword, _, value = chunk.content.partition(b"\0")
            yield keyword, value


def text(keyword: bytes, value: bytes) -> Chunk:
    return Chunk(TEXT, keyword + b"\0" + value)


def picture(chunks: Iterable[Chunk]) -> bytes:
    """Return the file again with what draws it and nothing else."""
    kept = {HEADER, PALETTE, TRANSPARENCY, PIXELS, END}
    return write(chunk for chunk in chunks if chunk.kind in kept)


def _chunks(file: memoryview) -> Iterator[Chunk]:
    at = len(SIGNATURE)
    for _ in range(MAX_CHUNKS):
        if len(file) - at < _AROUND:
            raise NotPng("it is cut off")
        length, kind = struct.unpack_from(">I4s", file, at)
        if length > min(MAX_LENGTH, len(file) - at - _AROUND):
            raise NotPng("it is cut off")
        ends = at + 8 + length
        (expected,) = struct.unpack_from(">I", file, ends)
        if crc32(file[at + 4 : ends]) != expected:
            raise NotPng("a check sum is wrong")
        yield Chunk(kind, bytes(file[at + 8 : ends]))
        at = ends + 4
        if kind == END:
            if at != len(file):
                raise NotPng("something follows its end")
            return
    raise NotPng("it has too many chunks")


def _written(chunk: Chunk) -> bytes:
    body = chunk.kind + chunk.content
    return struct.pack(">I", len(chunk.content)) + body + struct.pack(">I", crc32(body))
