"""Files that claim to hold a card, each wrong in a way of its own, or odd and harmless."""

import base64
import json
import struct
import zlib

from chalicelib.core.ports import ImageRejected
from chalicelib.personas.cards.adoption import adopt
from chalicelib.personas.cards.exceptions import NotACard
from chalicelib.personas.cards.parsing import MAX_FILE_BYTES, parse_file
from chalicelib.personas.portraits import redraw
from tests.personas.cards import foreign
from tests.personas.cards.reader import chunk, chunks_of, encoded, png_of

CARD = encoded(foreign.v2())
GOOD = png_of((b"chara", CARD))
BOMB = zlib.compress(b"\0" * 200_000_000, 9)


def in_png(card: str | bytes) -> bytes:
    raw = card.encode() if isinstance(card, str) else card
    return png_of((b"chara", base64.b64encode(raw)))


def with_header(width: int, height: int) -> bytes:
    at = GOOD.index(b"IHDR") - 4
    content = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return GOOD[:at] + chunk(b"IHDR", content) + GOOD[at + 25 :]


def without(kind: bytes) -> bytes:
    kept = (
        chunk(each.encode(), content) for each, content in chunks_of(GOOD) if each != kind.decode()
    )
    return GOOD[:8] + b"".join(kept)


def spoilt_check_sum() -> bytes:
    at = GOOD.index(CARD) + len(CARD)
    return GOOD[:at] + bytes([GOOD[at] ^ 1]) + GOOD[at + 1 :]


def overlong_chunk(length: int) -> bytes:
    at = GOOD.index(b"tEXt") - 4
    return GOOD[:at] + struct.pack(">I", length) + GOOD[at + 4 :]


def nested(depth: int) -> str:
    return holding("[" * depth + "]" * depth)


def holding(value: str) -> str:
    """The JSON of a card with this, as it is written, in an extension."""
    return json.dumps(foreign.v2(extensions={"x": "HERE"})).replace('"HERE"', value)


def of_spec(spec: object, version: object) -> str:
    return json.dumps(foreign.v2() | {"spec": spec, "spec_version": version})


NOT_A_CARD: dict[str, bytes] = {
    "nothing": b"",
    "text": b"hello",
    "a JPEG": b"\xff\xd8\xff\xe0" + b"\0" * 100,
    "half a signature": GOOD[:6],
    "cut in a chunk": GOOD[:-20],
    "cut at a chunk": GOOD[: GOOD.index(b"IDAT") - 4],
    "a wrong check sum": spoilt_check_sum(),
    "a chunk of 2^31": overlong_chunk(2**31),
    "a chunk of 2^32-1": overlong_chunk(2**32 - 1),
    "a chunk up to the end": overlong_chunk(len(GOOD)),
    "10,000 chunks": png_of((b"chara", CARD), extra=((b"tIME", b""),) * 10_000),
    "two cards of one version": png_of((b"chara", CARD), (b"chara", CARD)),
    "two newer cards": png_of((b"chara", CARD), (b"ccv3", CARD), (b"ccv3", CARD)),
    "no card": png_of((b"Comment", b"hello")),
    "no header": without(b"IHDR"),
    "no pixels": without(b"IDAT"),
    "no end": without(b"IEND"),
    "a second header": png_of((b"chara", CARD), extra=((b"IHDR", b"\0" * 13),)),
    "a short header": GOOD[:8] + chunk(b"IHDR", b"\0" * 5) + GOOD[33:],
    "a picture of 144 MP": with_header(12_000, 12_000),
    "a picture of 2^32 pixels": with_header(2**31 - 1, 2),
    "a moving picture": png_of((b"chara", CARD), extra=((b"acTL", struct.pack(">II", 2, 0)),)),
    "a tail": GOOD + b"PK\3\4 something else",
    "a second PNG behind": GOOD + GOOD,
    "a bomb for a card": png_of(extra=((b"zTXt", b"chara\0\0" + BOMB),)),
    "an international bomb": png_of(extra=((b"iTXt", b"chara\0\1\0\0\0" + BOMB),)),
    "no base64": png_of((b"chara", b"{}")),
    "base64 with rubbish": png_of((b"chara", b"e30=!!!")),
    "base64 of rubbish": in_png(b"\xff\xfe\x00garbage"),
    "no separator": png_of(extra=((b"tEXt", b"chara" + CARD),)),
    "depth 100": in_png(nested(100)),
    "depth 10,000": in_png(nested(10_000)),
    "depth 10,000 in JSON": nested(10_000).encode(),
    "NaN": in_png(holding("NaN")),
    "infinity": in_png(holding("1e999")),
    "a number of 4,000 digits": in_png(holding("9" * 4000)),
    "a number of 100,000 digits": in_png(holding("9" * 100_000)),
    "a lone surrogate": in_png(holding('"\\ud800"')),
    "a surrogate in UTF-8": in_png(holding('"X"').encode().replace(b"X", b"\xed\xa0\x80")),
    "NUL": in_png(holding('"\\u0000"')),
    "NUL in a key": in_png(holding('{"\\u0000": 1}')),
    "100,000 values": in_png(holding(json.dumps([0] * 100_000))),
    "a list": in_png("[]"),
    "a string": in_png('"chara_card_v2"'),
    "version 1": in_png(json.dumps(foreign.v2()["data"])),
    "version 4": in_png(of_spec("chara_card_v4", "4.0")),
    "version 2 that calls itself 3": in_png(of_spec("chara_card_v2", "3.0")),
    "a version of a million digits": in_png(of_spec("chara_card_v3", "3." + "0" * 1_000_000)),
    "a version that is no text": in_png(of_spec(["chara_card_v2"], {})),
    "no data": in_png('{"spec":"chara_card_v2","spec_version":"2.0"}'),
    "data of another kind": in_png('{"spec":"chara_card_v2","spec_version":"2.0","data":[]}'),
    "no name": in_png(json.dumps(foreign.v2(name=None))),
    "an empty name": in_png(json.dumps(foreign.v2(name="  "))),
    "an invisible name": in_png(json.dumps(foreign.v2(name="\u200b\u2063\u3164"))),
    "a name of markup alone": in_png(json.dumps(foreign.v2(name="<script>"))),
    "a description that is a number": in_png(json.dumps(foreign.v2(description=1))),
    "extensions that are a list": in_png(json.dumps(foreign.v2(extensions=[]))),
}
TOO_LARGE: dict[str, bytes] = {
    "100 MB": b"\x89PNG\r\n\x1a\n" + b"\0" * 100_000_000,
    "a byte too much": GOOD + b"\0" * (MAX_FILE_BYTES + 1 - len(GOOD)),
    "a card of 3 MB": in_png(holding(json.dumps("x" * 3_000_000))),
    "JSON of 3 MB": b" " * 3_000_000,
}
ACCEPTED: dict[str, bytes] = {
    "a bomb beside the card": png_of((b"chara", CARD), extra=((b"zTXt", b"Comment\0\0" + BOMB),)),
    "an address for an icon": in_png(
        json.dumps(
            foreign.v3(
                assets=[
                    {"type": "icon", "uri": "http://127.0.0.1/", "name": "main", "ext": "png"},
                    {"type": "icon", "uri": 5, "name": "main"},
                    None,
                ]
            )
        )
    ),
    "assets that are no list": in_png(json.dumps(foreign.v3(assets={"type": "icon"}))),
    "a later minor version": in_png(of_spec("chara_card_v3", "3.7")),
    "a byte order mark": b"\xef\xbb\xbf" + json.dumps(foreign.v2()).encode(),
    "nothing but a name": json.dumps(
        {"spec": "chara_card_v2", "spec_version": "2.0", "data": {"name": "Bo"}}
    ).encode(),
    "texts that are null": json.dumps(
        foreign.v2(description=None, first_mes=None, mes_example=None, extensions=None)
    ).encode(),
    "a name that is a pattern": json.dumps(
        foreign.v2(name="(a+)+$", mes_example="(a+)+$: hi")
    ).encode(),
}


def taken_in(file: bytes) -> None:
    """All that is done to a file before anything is kept of it."""
    card = parse_file(file)
    adopted = adopt(card, name=None)
    assert len(adopted.moderated) < 10_000
    json.dumps(adopted.kept, allow_nan=False).encode()
    if card.picture is not None:
        try:
            redraw(card.picture)
        except ImageRejected:
            raise NotACard from None
