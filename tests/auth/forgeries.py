"""The table of refused tokens: each row differs from a valid token in one thing."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.auth.forge import (
    ATTACKER_KEY,
    CLIENT,
    COGNITO_ACCESS,
    COGNITO_ID,
    GOOGLE,
    KID,
    NOW,
    OWN,
    POOL,
    PUBLIC_TEXTS,
    Kind,
    b64,
    es256,
    hs256,
    jwk_of,
    rs256,
    to_json,
)

Row = tuple[str, str]

OTHER_ALGORITHMS = ("HS384", "HS512", "RS384", "RS512", "PS256", "ES256", "EdDSA", "RSA1_5", "dir")
NOT_A_TIME: tuple[Any, ...] = (..., None, True, str(NOW), NOW + 0.5, [NOW], {"t": NOW}, "", -1)
NOT_A_TEXT: tuple[Any, ...] = (..., None, "", 5, True, ["x"], {"$ne": 1})


def forgeries(kind: Kind) -> Iterator[Row]:
    for family in FAMILIES:
        yield from family(kind)


def algorithms(kind: Kind) -> Iterator[Row]:
    ours = kind.profile.algorithm
    for name in ("none", "None", "NONE", "nOnE"):
        yield f"alg {name} and no signature", kind.with_header(alg=name).rpartition(".")[0] + "."
        yield f"alg {name} and our signature", kind.with_header(alg=name)
    for name in (*OTHER_ALGORITHMS, ours.lower(), f"{ours} ", f" {ours}", "", f"{ours}\x00"):
        yield f"alg {name!r}", kind.with_header(alg=name)
    for value in (..., None, True, 1, [ours], [ours, "none"], {"alg": ours}, {ours: 1}):
        yield f"alg {value}", kind.with_header(alg=value)


def confusions(kind: Kind) -> Iterator[Row]:
    for name, text in PUBLIC_TEXTS.items():
        for alg in ("HS256", "RS256"):
            header = to_json({**kind.header, "alg": alg})
            yield f"{alg} by HMAC of the {name}", kind.raw(header=header, sign=hs256(text))
    for alg in ("ES256", "RS256", "HS256"):
        header = to_json({**kind.header, "alg": alg})
        yield f"{alg} by an EC key", kind.raw(header=header, sign=es256)
    other = "HS256" if kind.profile.algorithm == "RS256" else "RS256"
    sign = hs256(b"secret" * 8) if other == "HS256" else rs256(ATTACKER_KEY)
    header = to_json({**kind.header, "alg": other})
    yield f"{other} by a key of its own", kind.raw(header=header, sign=sign)


def key_names(kind: Kind) -> Iterator[Row]:
    for value in (
        ...,
        None,
        "",
        1,
        True,
        [KID],
        {"kid": KID},
        KID.upper(),
        f"{KID} ",
        f"{KID}\x00",
    ):
        yield f"kid {value!r}", kind.with_header(kid=value)
    for value in ("../../../../dev/null", "' OR '1'='1", "/dev/null\x00", "http://evil.example/k"):
        yield f"kid {value!r}", kind.with_header(kid=value)
    yield "kid of 129 characters", kind.with_header(kid="k" * 129)
    yield "kid of 5 KB", kind.with_header(kid="k" * 5_000)
    yield "kid of 10 KB", kind.with_header(kid="k" * 10_000)


def header_extensions(kind: Kind) -> Iterator[Row]:
    attack = rs256(ATTACKER_KEY)
    embedded = jwk_of(ATTACKER_KEY)
    extensions: tuple[Any, ...] = (["exp"], ["b64"], [], "", "exp", True, None, {})
    for crit in extensions:
        yield f"crit {crit!r}", kind.with_header(crit=crit)
    for b64_value in (False, True, None):
        yield f"b64 {b64_value}", kind.with_header(b64=b64_value)
    entries: tuple[Any, ...] = ({"deep": {}}, ["list"], None, 1)
    for nested in entries:
        yield f"an entry {nested}", kind.with_header(entry=nested)
    for name, value in {
        "jku": "https://evil.example/jwks",
        "x5u": "https://evil.example/x5",
        "jwk": embedded,
        "x5c": ["MIIB"],
    }.items():
        header = to_json({**kind.header, name: value})
        yield f"{name} of the key that signed", kind.raw(header=header, sign=attack)


def types(kind: Kind) -> Iterator[Row]:
    others: tuple[Any, ...] = (
        "JWE",
        "rt+jwt",
        "application/at+jwt",
        "secevent+jwt",
        "",
        1,
        None,
        [],
    )
    swapped: tuple[Any, ...] = (
        ("JWT", "jwt", "AT+JWT", ...) if kind is OWN else ("at+jwt", "AT+JWT")
    )
    for value in (*others, *swapped, "JWT ", "JWT\x00"):
        yield f"typ {value!r}", kind.with_header(typ=value)


def headers(kind: Kind) -> Iterator[Row]:
    whole = to_json(kind.header)
    for name, header in {
        "empty": b"",
        "list": b"[]",
        "text": b'"header"',
        "number": b"1",
        "null": b"null",
        "empty object": b"{}",
        "NaN inside": whole[:-1] + b',"x":NaN}',
        "trailing text": whole + b"x",
        "second object": whole + whole,
        "byte order mark": b"\xef\xbb\xbf" + whole,
        "UTF-16": whole.decode().encode("utf-16"),
        "invalid UTF-8": whole[:-1] + b',"x":"\xff"}',
        "truncated": whole[:-1],
        "single quotes": whole.replace(b'"', b"'"),
        "alg twice": b'{"alg":"none",' + whole[1:],
        "alg twice and alike": whole[:-1] + b',"alg":' + to_json(kind.header["alg"]) + b"}",
        "kid twice": b'{"kid":"other",' + whole[1:],
        "[ a thousand times": b"[" * 1005,
        "[ six thousand times": b"[" * 6000,
        '{"a": a thousand times': b'{"a":' * 1100,
    }.items():
        yield f"header: {name}", kind.raw(header=header)


def shapes(kind: Kind) -> Iterator[Row]:
    token = kind.token
    header, payload, signature = token.split(".")
    for name, shape in {
        "empty": "",
        "one part": header,
        "two parts": f"{header}.{payload}",
        "four parts": f"{token}.{signature}",
        "five parts, as a JWE": f"{header}.{payload}.{signature}.{payload}.{signature}",
        "dots": "..",
        "many dots": "." * 8000,
        "no header": f".{payload}.{signature}",
        "no payload": f"{header}..{signature}",
        "no signature": f"{header}.{payload}.",
        "a leading space": f" {token}",
        "a trailing line break": f"{token}\n",
        "a line break inside": f"{header}.\n{payload}.{signature}",
        "a NUL at the end": f"{token}\x00",
        "a NUL inside": f"{header}.{payload}\x00.{signature}",
        "a scheme": f"Bearer {token}",
        "quotes": f'"{token}"',
        "JSON serialisation": json.dumps({"payload": payload, "signatures": [signature]}),
        "non-ASCII": f"{token}é",
        "non-ASCII digits": token.replace("e", "\uff45"),
        "another dot": token.replace(".", "\u3002"),
        "a lone surrogate": f"{token}\ud800",
        "padding": f"{header}.{payload}.{signature}=",
        "padding inside": f"{header}==.{payload}.{signature}",
        "padding that is signed": _signed(kind, header, f"{payload}="),
        "the other alphabet": f"{header}.{payload}.{signature.replace('-', '+')}+",
        "1 MB": "a" * 1_000_000,
        "1 MB of payload": f"{header}.{'a' * 1_000_000}.{signature}",
        "too long, and signed": kind.with_claims(x="x" * 6500),
        "a nested token": kind.raw(payload=to_json(token)),
        "a bare nested token": kind.raw(payload=token.encode()),
    }.items():
        yield f"shape: {name}", shape


def signatures(kind: Kind) -> Iterator[Row]:
    message, _, signature = kind.token.rpartition(".")
    other = kind.with_claims(sub="somebody else")
    for name, value in {
        "one byte short": signature[:-4],
        "one byte long": f"{signature}AAAA",
        "spare bits": signature[:-1] + _next(signature[-1]),
        "all zero": b64(bytes(256 if kind.profile.algorithm == "RS256" else 32)),
        "another token's": other.rpartition(".")[2],
        "the message": b64(message.encode()),
    }.items():
        yield f"signature: {name}", f"{message}.{value}"
    yield "signed by another RSA key", kind.raw(sign=rs256(ATTACKER_KEY))
    yield "signed by another secret", kind.raw(sign=hs256(b"another-secret-of-thirty-two-bytes"))
    yield "signed by an empty secret", kind.raw(sign=hs256(b""))
    yield (
        "payload of another token",
        ".".join((message.partition(".")[0], other.split(".")[1], signature)),
    )


def payloads(kind: Kind) -> Iterator[Row]:
    whole = to_json(kind.claims)
    for name, payload in {
        "empty": b"",
        "list": b"[]",
        "list of claims": b"[" + whole + b"]",
        "text": to_json(whole.decode()),
        "null": b"null",
        "empty object": b"{}",
        "NaN": whole[:-1] + b',"x":NaN}',
        "Infinity": whole[:-1] + b',"x":-Infinity}',
        "a number of 5,000 digits": whole[:-1] + b',"x":' + b"9" * 5000 + b"}",
        "trailing text": whole + b"x",
        "invalid UTF-8": whole[:-1] + b',"x":"\xff"}',
        "sub twice": b'{"sub":"somebody else",' + whole[1:],
        "exp twice": whole[:-1] + b',"exp":%d}' % (NOW + 10),
        "a name twice far inside": whole[:-1] + b',"x":[{"y":{"z":1,"z":1}}]}',
        "deep": whole[:-1] + b',"x":' + b"[" * 1500 + b"}",
    }.items():
        yield f"payload: {name}", kind.raw(payload=payload)


def times(kind: Kind) -> Iterator[Row]:
    for name in ("exp", "iat"):
        for value in NOT_A_TIME:
            yield f"{name} {value}", kind.with_claims(**{name: value})
    whole = to_json({k: v for k, v in kind.claims.items() if k != "exp"})
    for text in (b"1e400", b"1e12", b"-1e400", b"9" * 300, b"1.8e9"):
        yield f"exp {text[:9]!r}", kind.raw(payload=whole[:-1] + b',"exp":' + text + b"}")
    yield "exp a leeway ago", kind.with_claims(exp=NOW - kind.profile.leeway)
    yield "exp long ago", kind.with_claims(exp=NOW - 10**6)
    yield "exp 0", kind.with_claims(exp=0)
    yield "iat in the future", kind.with_claims(iat=NOW + 61)
    for value in (NOW + 61, True, None, str(NOW), NOW + 0.5, -1, [NOW]):
        yield f"nbf {value}", kind.with_claims(nbf=value)
    if kind.profile.max_age is not None:
        yield "iat too old", kind.with_claims(iat=NOW - kind.profile.max_age - 1)


def issuers(kind: Kind) -> Iterator[Row]:
    ours = kind.claims["iss"]
    for value in (
        f"{ours}/",
        f"{ours}.evil.example",
        f"x{ours}",
        ours[:-1],
        ours.upper(),
        f"{ours} ",
        f"{ours}\x00",
        [ours],
        *NOT_A_TEXT,
    ):
        yield f"iss {value}", kind.with_claims(iss=value)
    for other in (GOOGLE, COGNITO_ID, OWN):
        if other.claims["iss"] != ours:
            yield f"iss of {other.name}", kind.with_claims(iss=other.claims["iss"])
    yield "iss of another pool", kind.with_claims(iss=f"{POOL[:-1]}X")
    yield "iss by http", kind.with_claims(iss="http://accounts.google.com")


def audiences(kind: Kind) -> Iterator[Row]:
    claim, ours = kind.profile.audience_claim, kind.profile.audience
    others: tuple[Any, ...] = ("evil", f"{ours} ", ours.upper(), ours[:-1], [], ["evil"], [[ours]])
    for value in (*others, {ours: 1}, f"evil,{ours}", *NOT_A_TEXT):
        yield f"{claim} {value}", kind.with_claims(**{claim: value})
    several = {claim: [ours, "evil"]}
    yield f"{claim} of several and no azp", kind.with_claims(**several, azp=...)
    yield f"{claim} of several and another azp", kind.with_claims(**several, azp="evil")
    yield f"{claim} of several and a list as azp", kind.with_claims(**several, azp=[ours])
    yield f"{claim} of us alone, listed, and no azp", kind.with_claims(**{claim: [ours]}, azp=...)
    yield f"{claim} of others, azp ours", kind.with_claims(**{claim: ["evil"]}, azp=ours)


def subjects(kind: Kind) -> Iterator[Row]:
    for value in (*NOT_A_TEXT, "x" * 256, "a\x00b", "a\nb", "é", "\ud800"):
        yield f"sub {str(value)[:9]!a}", kind.with_claims(sub=value)


def further_claims(kind: Kind) -> Iterator[Row]:
    for name, ours in kind.profile.fixed.items():
        for value in (
            ...,
            None,
            [ours],
            ours.upper(),
            "refresh",
            "id" if ours != "id" else "access",
        ):
            yield f"{name} {value}", kind.with_claims(**{name: value})
    for name in sorted(kind.profile.required):
        for value in NOT_A_TEXT:
            yield f"{name} {value}", kind.with_claims(**{name: value})
    if kind is COGNITO_ACCESS:
        yield "aud in the place of client_id", kind.with_claims(client_id=..., aud=CLIENT)
    if kind is COGNITO_ID:
        yield "client_id in the place of aud", kind.with_claims(aud=..., client_id=CLIENT)


FAMILIES: tuple[Callable[[Kind], Iterator[Row]], ...] = (
    algorithms,
    confusions,
    key_names,
    header_extensions,
    types,
    headers,
    shapes,
    signatures,
    payloads,
    times,
    issuers,
    audiences,
    subjects,
    further_claims,
)


def _signed(kind: Kind, header: str, payload: str) -> str:
    message = f"{header}.{payload}"
    return f"{message}.{b64(kind.sign(message.encode()))}"


def _next(letter: str) -> str:
    """The same six bits but for the last one, which no byte of the signature needs."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return alphabet[alphabet.index(letter) ^ 1]
