"""Where a URL leads, and whether it may: nobody is to send us to where only we can go (SSRF)."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

MAX_URL = 2048
PORTS = {"https": 443, "http": 80}
UNPRIVILEGED = range(1024, 65536)
# IPv6 ranges that carry an IPv4 address inside, which could be a private one.
CARRIERS = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "2002::/16", "2001::/32")))
# What the standard library takes for public and is not: a 6to4 relay, a range for documentation.
SPECIAL = tuple(map(ipaddress.ip_network, ("192.88.99.0/24", "3fff::/20")))
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")

LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
NAME = re.compile(rf"{LABEL}(\.{LABEL})*")
# Resolvers read a number as an address, in bases and lengths of their own.
NUMERIC = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)")
HOME_DOMAINS = ("localhost", "local", "internal")


@dataclass(frozen=True)
class Origin:
    scheme: str
    host: str
    port: int


@dataclass(frozen=True)
class Target:
    """Where a URL leads: whom to connect to, and what to ask there."""

    origin: Origin
    netloc: str
    resource: str


def origin_of(url: str) -> Origin:
    """Raise `ValueError` for what is no http(s) URL."""
    return _origin(urlsplit(url))


def target_of(url: str) -> Target:
    """Raise `ValueError` for a URL that two readers could understand in two ways."""
    is_plain = url.isascii() and url.isprintable() and not set(url) & set(" \\")
    if not is_plain or len(url) > MAX_URL:
        raise ValueError("is no plain web address")
    parts = urlsplit(url)
    origin = _origin(parts)
    is_named = NAME.fullmatch(origin.host) or is_address(origin.host)
    if "@" in parts.netloc or not is_named:
        raise ValueError("must name a host and no user")
    resource = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(origin, parts.netloc, resource)


def receiver_of(url: str, *, listed: Sequence[Origin]) -> Target:
    """Return where a webhook of a user's choice goes; raise `ValueError`, saying what is wrong.

    A name is not looked up: who connects has to check the address that it leads to.
    """
    try:
        target = target_of(url)
    except ValueError:
        raise ValueError("must be a web address such as https://example.com/hooks") from None
    origin = target.origin
    if origin in listed:
        return target
    if origin.scheme != "https":
        raise ValueError("must begin with https://")
    if origin.port != PORTS["https"] and origin.port not in UNPRIVILEGED:
        raise ValueError("must use port 443, or one from 1024 on")
    if not (is_public(origin.host) if is_address(origin.host) else _is_abroad(origin.host)):
        raise ValueError("must lead to a host on the public internet")
    return target


def matches(origin: Origin, source: Origin) -> bool:
    """Whether the origin is the source; `https://*.host` stands for every subdomain."""
    if (origin.scheme, origin.port) != (source.scheme, source.port):
        return False
    if source.host.startswith("*."):
        return origin.host.endswith(source.host[1:])
    return origin.host == source.host


def is_public(address: str) -> bool:
    """Whether the address is on the public internet, and carries no other one inside."""
    parsed = ipaddress.ip_address(address)
    inner = getattr(parsed, "ipv4_mapped", None) or parsed
    if inner.version == 6 and inner not in GLOBAL_UNICAST:  # noqa: PLR2004 - IPv6
        return False
    # Membership in a network of the other version is simply false.
    is_special = any(inner in network for network in (*CARRIERS, *SPECIAL))
    return inner.is_global and not inner.is_multicast and not is_special


def is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _origin(parts: SplitResult) -> Origin:
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError("not an http(s) URL")
    port = PORTS[parts.scheme] if parts.port is None else parts.port
    return Origin(parts.scheme, parts.hostname.removesuffix("."), port)


def _is_abroad(name: str) -> bool:
    """Whether a name can be one of the public internet, as far as the name alone tells."""
    is_home = name.endswith(tuple(f".{domain}" for domain in HOME_DOMAINS))
    return "." in name and not is_home and not NUMERIC.fullmatch(name)
