"""Where a webhook may go is said when it is asked for."""

import pytest

from tests.client import Api
from tests.receiver import Receiver

REFUSED = [
    "",
    " ",
    "hooks",
    "/hooks",
    "//example.com/hooks",
    "example.com/hooks",
    "https:///hooks",
    "http://example.com/hooks",
    "ftp://example.com/hooks",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://user:secret@example.com/hooks",
    "https://@example.com/hooks",
    "https://example.com:80/hooks",
    "https://example.com:22/hooks",
    "https://example.com:0/hooks",
    "https://example.com:65536/hooks",
    "https://example.com:x/hooks",
    "https://example.com/a b",
    "https://example.com/\r\nX: y",
    "https://example.com\\@evil.example/",
    "https://ex\u00e4mple.com/hooks",
    "https://example.com%2eevil.example/",
    "https://example.com/" + "x" * 2048,
    "https://localhost/hooks",
    "https://api.localhost/hooks",
    "https://printer.local/hooks",
    "https://metadata.google.internal/computeMetadata/v1/",
    "https://metadata/hooks",
    "https://127.0.0.1/hooks",
    "https://127.1/hooks",
    "https://2130706433/hooks",
    "https://0x7f000001/hooks",
    "https://0x7f.0.0.0x1/hooks",
    "https://0177.0.0.1/hooks",
    "https://example.0x7f/hooks",
    "https://10.0.0.1/hooks",
    "https://172.16.0.1/hooks",
    "https://192.168.0.1/hooks",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/hooks",
    "https://0.0.0.0/hooks",
    "https://[::]/hooks",
    "https://[::1]/hooks",
    "https://[::ffff:127.0.0.1]/hooks",
    "https://[64:ff9b::7f00:1]/hooks",
    "https://[fd00:ec2::254]/hooks",
    "https://[fe80::1%25eth0]/hooks",
    "http://127.0.0.1:1/hooks",
    7,
    ["https://example.com/hooks"],
    {"url": "https://example.com/hooks"},
]
TAKEN = [
    "https://example.com",
    "https://example.com/hooks?key=1",
    "https://EXAMPLE.com:443/hooks",
    "https://hooks.example.com:8443/a/b",
    "https://1.1.1.1/hooks",
    "https://[2606:4700::1111]/hooks",
]


@pytest.mark.parametrize("url", REFUSED)
def test_where_no_webhook_may_go_nothing_is_started(api: Api, url: object) -> None:
    answer = api.generate(webhook_url=url)
    assert (answer.status, answer.code) == (422, "invalid")
    [error] = answer.json["errors"]
    assert error["loc"] == ["webhook_url"]
    assert api.get("/jobs").json["items"] == []


@pytest.mark.parametrize("part", ["images", "motto"])
def test_a_renewal_is_told_no_further_than_a_generation(api: Api, part: str) -> None:
    path = f"/personas/{api.generate().json['persona_id']}/{part}"
    answer = api.post(path, {"webhook_url": "https://169.254.169.254/latest/meta-data/"})
    assert (answer.status, answer.json["errors"][0]["loc"]) == (422, ["webhook_url"])


@pytest.mark.parametrize("url", TAKEN)
def test_anywhere_on_the_internet_by_https_is_fine(api: Api, url: str) -> None:
    assert api.generate(webhook_url=url).status == 202


def test_what_is_wrong_is_said_and_not_repeated(api: Api) -> None:
    answer = api.generate(webhook_url="http://example.com/hooks?key=open-sesame")
    assert answer.json["errors"][0]["msg"] == "must begin with https://"
    assert "sesame" not in answer.text


def test_only_the_listed_origin_may_be_private_and_without_tls(
    api: Api, receiver: Receiver
) -> None:
    assert api.generate(webhook_url=receiver.url).status == 202
    for other in (receiver.origin.replace("127.0.0.1", "127.0.0.2"), f"{receiver.origin}1/x"):
        assert api.generate("Grace", webhook_url=other).status == 422
