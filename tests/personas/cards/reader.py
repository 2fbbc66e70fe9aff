"""A reader of character cards that knows the specifications and nothing of the product's code."""

import base64
import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any

V1_TEXTS = ("name", "description", "personality", "scenario", "first_mes", "mes_example")
V2_TEXTS = (
    *V1_TEXTS,
    "creator_notes",
    "system_prompt",
    "post_history_instructions",
    "creator",
    "character_version",
)
V2_LISTS = ("alternate_greetings", "tags")


def chunks_of(file: bytes) -> Iterator[tuple[str, bytes]]:
    assert file[:8] == bytes([137, 80, 78, 71, 13, 10, 26, 10])
    rest = file[8:]
    while rest:
        length = int.from_bytes(rest[:4], "big")
        kind, content, check = rest[4:8], rest[8 : 8 + length], rest[8 + length : 12 + length]
        assert len(content) == length
        assert zlib.crc32(content, zlib.crc32(kind)) == int.from_bytes(check, "big")
        yield kind.decode("ascii"), content
        rest = rest[12 + length :]


def cards_behind_the_header(file: bytes) -> dict[str, Any]:
    """Read the text chunks as the simplest readers do: from the header on, until another kind."""
    kinds = iter(chunks_of(file))
    assert next(kinds)[0] == "IHDR"
    found: dict[str, Any] = {}
    for kind, content in kinds:
        if kind != "tEXt":
            break
        keyword, text = content.split(b"\0", 1)
        found[keyword.decode("latin-1")] = json.loads(base64.b64decode(text).decode("utf-8"))
    return found


def validate_v2(card: Any) -> dict[str, Any]:
    """Check every MUST of version 2; return the card's data."""
    assert set(card) == {"spec", "spec_version", "data"}
    assert (card["spec"], card["spec_version"]) == ("chara_card_v2", "2.0")
    data: dict[str, Any] = card["data"]
    _require_common(data)
    assert set(data) - {"character_book"} == {*V2_TEXTS, *V2_LISTS, "extensions"}
    return data


def validate_v3(card: Any) -> dict[str, Any]:
    assert (card["spec"], card["spec_version"]) == ("chara_card_v3", "3.0")
    data: dict[str, Any] = card["data"]
    _require_common(data)
    assert all(isinstance(each, str) for each in data["group_only_greetings"])
    for asset in data["assets"]:
        assert {name: type(value) for name, value in asset.items()} == {
            "type": str,
            "uri": str,
            "name": str,
            "ext": str,
        }
    assert next(each for each in data["assets"] if each["type"] == "icon")["name"] == "main"
    return data


def _require_common(data: dict[str, Any]) -> None:
    for name in V2_TEXTS:
        assert isinstance(data[name], str), name
    for name in V2_LISTS:
        assert isinstance(data[name], list), name
        assert all(isinstance(each, str) for each in data[name]), name
    assert isinstance(data["extensions"], dict)
    if "character_book" in data:
        _require_book(data["character_book"])


def _require_book(book: dict[str, Any]) -> None:
    assert isinstance(book["extensions"], dict)
    for entry in book["entries"]:
        assert isinstance(entry["content"], str)
        assert all(isinstance(key, str) for key in entry["keys"])
        assert isinstance(entry["enabled"], bool)
        assert isinstance(entry["insertion_order"], int | float)
        assert isinstance(entry["extensions"], dict)


def png_of(*texts: tuple[bytes, bytes], extra: tuple[tuple[bytes, bytes], ...] = ()) -> bytes:
    """Make a small PNG that holds these text chunks, and any others, behind its header."""
    pixels = zlib.compress(b"".join(b"\0" + bytes((40, 90, 160)) * 8 for _ in range(8)))
    return _file(
        (b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)),
        *((b"tEXt", keyword + b"\0" + text) for keyword, text in texts),
        *extra,
        (b"IDAT", pixels),
        (b"IEND", b""),
    )


def _file(*parts: tuple[bytes, bytes]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, content) for kind, content in parts)


def chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def encoded(card: Any) -> bytes:
    return base64.b64encode(json.dumps(card).encode())
