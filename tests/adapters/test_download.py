"""Downloads go where the list says, by the address that was checked, and come back in time."""

import socket
from ipaddress import IPv4Address

import pytest

from chalicelib.core.addresses import Origin, is_public
from chalicelib.core.ports import ImageRejected, VendorUnavailable
from tests.adapters.wire import Wire, downloads, listening, said

LISTED = ("https://cdn.invalid", "https://*.cdn.invalid")

NO_WEB_ADDRESSES = [
    "",
    " ",
    "picture.png",
    "/etc/passwd",
    "//cdn.invalid/x",
    "cdn.invalid/x",
    "http:",
    "https://",
    "https:///x",
    "https:cdn.invalid/x",
    "https:/cdn.invalid/x",
    "https//cdn.invalid/x",
    "file:///etc/passwd",
    "file://cdn.invalid/etc/passwd",
    "ftp://cdn.invalid/x",
    "gopher://127.0.0.1:{other}/_x",
    "dict://127.0.0.1:{other}/info",
    "ldap://127.0.0.1:{other}/",
    "ws://127.0.0.1:{own}/",
    "data:image/png;base64,AAAA",
    "javascript:alert(1)",
    "jar:https://cdn.invalid/x!/y",
    "blob:https://cdn.invalid/x",
    "httpss://cdn.invalid/x",
    "unix:///var/run/docker.sock",
]
OTHER_HOSTS = [
    "https://evil.invalid/x",
    "https://evilcdn.invalid/x",
    "https://cdn.invalid.evil.invalid/x",
    "https://evil.invalid#.cdn.invalid",
    "https://evil.invalid?.cdn.invalid",
    "https://evil.invalid/.cdn.invalid",
    "https://evil.invalid\\.cdn.invalid",
    "https://cdn.invalid\\@evil.invalid/",
    "https://cdn.invalid%00.evil.invalid/",
    "https://cdn.invalid%2eevil.invalid/",
    "https://cdn.invalid%40evil.invalid/",
    "https://cdn.invalid@evil.invalid/",
    "https://cdn.invalid:443@127.0.0.1:{other}/",
    "http://127.0.0.1:{own}@127.0.0.1:{other}/",
    "http://127.0.0.1:{other}#@127.0.0.1:{own}/",
    "http://127.0.0.1:{other}?@127.0.0.1:{own}/",
    "http://127.0.0.1:{other}\\@127.0.0.1:{own}/",
    "https://user:secret@cdn.invalid/x",
    "https://@cdn.invalid/x",
]
OTHER_PORTS = [
    "https://cdn.invalid:80/x",
    "https://cdn.invalid:8443/x",
    "https://cdn.invalid:0/x",
    "https://cdn.invalid:-1/x",
    "https://cdn.invalid:+443/x",
    "https://cdn.invalid:65536/x",
    "https://cdn.invalid:443:80/x",
    "https://cdn.invalid:x/x",
    "http://cdn.invalid/x",
    "http://cdn.invalid:443/x",
    "http://127.0.0.1/x",
    "http://127.0.0.1:{other}/x",
    "https://127.0.0.1:{own}/x",
]
OTHER_SPELLINGS = [
    "http://localhost:{own}/x",
    "http://127.1:{own}/x",
    "http://127.0.0.2:{own}/x",
    "http://2130706433:{own}/x",
    "http://0x7f000001:{own}/x",
    "http://0x7f.0.0.1:{own}/x",
    "http://0177.0.0.1:{own}/x",
    "http://127.0.0.01:{own}/x",
    "http://0:{own}/x",
    "http://0.0.0.0:{own}/x",
    "http://[::]:{own}/x",
    "http://[::1]:{own}/x",
    "http://[::ffff:127.0.0.1]:{own}/x",
    "http://[::ffff:7f00:1]:{own}/x",
    "http://[127.0.0.1]:{own}/x",
    "http://[::1/x",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://metadata.google.internal/computeMetadata/v1/",
]
ODD_CHARACTERS = [
    "https://cdn.invalid/x y",
    "https://cdn.invalid/x\r\nHost: evil.invalid",
    "https://cdn.invalid/x\tx",
    "https://cdn.invalid/\0",
    "https://cdn.invalid/\x7f",
    "https://cdn.invalid\n/x",
    " https://cdn.invalid/x",
    "https://cdn.invalid/x\n",
    "https://cdn.invalid/\u00e9",
    "https://cdn\u3002invalid/x",
    "https://\u24d2dn.invalid/x",
    "https://cdn.invalid\u200b/x",
    "https://cdn.invalid\uff0fevil.invalid/x",
    "https://cdn.invalid:\uff14\uff14\uff13/x",
    "https://cdn.invalid/" + "x" * 2048,
]
NO_HOST_NAMES = [
    "https://.cdn.invalid/x",
    "https://a..cdn.invalid/x",
    "https://cdn.invalid../x",
    "https://*.cdn.invalid/x",
    "https://evil.invalid;.cdn.invalid/x",
    "https://evil.invalid&.cdn.invalid/x",
    "https://evil.invalid%23.cdn.invalid/x",
    "https://evil.invalid,.cdn.invalid/x",
    "https://$(id).cdn.invalid/x",
    "https://" + "a" * 64 + ".cdn.invalid/x",
]
HOSTILE = [
    *NO_WEB_ADDRESSES,
    *OTHER_HOSTS,
    *OTHER_PORTS,
    *OTHER_SPELLINGS,
    *ODD_CHARACTERS,
    *NO_HOST_NAMES,
]


def test_there_are_enough_hostile_urls() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 60


@pytest.mark.parametrize("template", HOSTILE)
def test_a_hostile_url_connects_to_nobody(own: Wire, other: Wire, template: str) -> None:
    url = template.replace("{own}", str(own.port)).replace("{other}", str(other.port))
    with pytest.raises(ImageRejected):
        downloads(*LISTED, own.url).fetch(url)
    assert (own.connections, other.connections) == (0, 0)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://cdn.invalid/x", "cdn.invalid"),
        ("https://cdn.invalid", "cdn.invalid"),
        ("https://cdn.invalid?x", "cdn.invalid"),
        ("https://cdn.invalid#x", "cdn.invalid"),
        ("https://cdn.invalid:443/x", "cdn.invalid"),
        ("https://cdn.invalid:/x", "cdn.invalid"),
        ("https://cdn.invalid./x", "cdn.invalid"),
        ("https://CDN.Invalid/x", "cdn.invalid"),
        ("HTTPS://cdn.invalid/x", "cdn.invalid"),
        ("https://a.cdn.invalid/x", "a.cdn.invalid"),
        ("https://a-1.b_2.cdn.invalid/x", "a-1.b_2.cdn.invalid"),
    ],
)
def test_a_url_of_the_list_is_taken(url: str, host: str) -> None:
    assert downloads(*LISTED).checked(url).origin == Origin("https", host, 443)


PRIVATE = [
    "0.0.0.0",  # noqa: S104 - nothing is bound to it
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
]
PRIVATE_V6 = [
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "100::1",
    "2001::7f00:1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]


@pytest.mark.parametrize("address", [*PRIVATE, *PRIVATE_V6])
def test_a_private_or_special_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8"],
)
def test_an_address_on_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_of_the_list_that_leads_to_a_private_address_is_refused(address: str) -> None:
    """A resolver takes a number for a name, and answers with the address: as a rebinding DNS
    server would."""
    name = str(int(IPv4Address(address)))
    with pytest.raises(ImageRejected):
        downloads(f"http://{name}").fetch(f"http://{name}/x")


def test_a_name_of_the_list_that_leads_to_this_machine_gets_no_connection(other: Wire) -> None:
    for name in ("localhost", "2130706433", "127.1"):
        url = f"http://{name}:{other.port}"
        with pytest.raises(ImageRejected):
            downloads(url).fetch(f"{url}/x")
    assert other.connections == 0


def test_a_name_that_nobody_knows_is_an_outage() -> None:
    with pytest.raises(VendorUnavailable):
        downloads(*LISTED).fetch("https://nobody.cdn.invalid/x")


def test_an_address_of_the_list_is_taken_as_it_is(own: Wire) -> None:
    assert downloads(own.url).fetch(f"{own.url}/x.png") == b"a picture"
    assert own.connections == 1


@pytest.mark.parametrize(
    ("rest", "target"),
    [
        ("", "/"),
        ("/", "/"),
        ("/x.png", "/x.png"),
        ("?a=b", "/?a=b"),
        ("?a=/b", "/?a=/b"),
        ("?http://127.0.0.1/b", "/?http://127.0.0.1/b"),
        ("#a", "/"),
        ("#/a", "/"),
        ("#?a", "/"),
        ("/x?", "/x"),
        ("/x?a=b&c=d", "/x?a=b&c=d"),
        ("/x?a#b", "/x?a"),
        ("/x#a?b", "/x"),
        ("/x;a=b", "/x;a=b"),
        ("//x", "//x"),
        ("//evil.invalid/x", "//evil.invalid/x"),
        ("/http://evil.invalid/x", "/http://evil.invalid/x"),
        ("/127.0.0.1/x", "/127.0.0.1/x"),
        ("/a/../b", "/a/../b"),
        ("/%2e%2e/b", "/%2e%2e/b"),
        ("/a%20b", "/a%20b"),
        ("/@x", "/@x"),
        ("/x:80/y", "/x:80/y"),
    ],
)
def test_exactly_the_path_and_the_query_are_asked_for(own: Wire, rest: str, target: str) -> None:
    downloads(own.url).fetch(own.url + rest)
    [request] = own.requests
    assert request.splitlines()[0] == f"GET {target} HTTP/1.1"
    assert [line for line in request.splitlines() if line.lower().startswith("host:")] == [
        f"Host: 127.0.0.1:{own.port}"
    ]


def _has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize("host", ["[::1]", "[::1]:"])
def test_an_ipv6_address_of_the_list_is_taken(host: str) -> None:
    with listening(said(b"a picture"), host="::1") as wire:
        url = f"http://[::1]:{wire.port}"
        assert downloads(url).fetch(f"{url}/x?y") == b"a picture"
        assert wire.requests[0].startswith("GET /x?y HTTP/1.1\r\n")
        assert f"Host: [::1]:{wire.port}" in wire.requests[0].splitlines()


def test_the_case_of_a_host_does_not_matter(own: Wire) -> None:
    """Only an IPv6 address has letters, and may be in the list although it is private."""
    url = f"http://[::FFFF:127.0.0.1]:{own.port}"
    try:
        assert downloads(url).fetch(f"{url}/x?y") == b"a picture"
    except VendorUnavailable:
        assert not _has_ipv6()
    else:
        assert own.requests[0].startswith("GET /x?y HTTP/1.1\r\n")
