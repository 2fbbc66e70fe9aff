import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from local.ports import HOST, USUAL, choose, is_free


@contextmanager
def listening(address: str, port: int) -> Iterator[int]:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, port))
        server.listen()
        yield server.getsockname()[1]


@pytest.mark.parametrize("address", [HOST, "0.0.0.0"])  # noqa: S104 - somebody else's server
def test_a_port_on_which_somebody_listens_is_not_free(address: str) -> None:
    with listening(address, 0) as port:
        assert not is_free(port)
    assert is_free(port)


def test_free_ports_are_all_different_and_none_is_usual() -> None:
    ports = choose(USUAL, "free")
    assert list(ports) == list(USUAL)
    assert len({*ports.values(), *USUAL.values()}) == 2 * len(USUAL)


def test_free_ports_are_none_that_the_kernel_gives_to_connections() -> None:
    assert all(port < 32768 for port in choose(USUAL, "free").values())


def test_another_port_stands_in_for_a_usual_one_that_is_taken() -> None:
    if not is_free(USUAL["valkey"]):
        pytest.skip("a stack runs on the usual ports of this machine")
    assert choose(["valkey"], "usual") == {"valkey": USUAL["valkey"]}
    with listening(HOST, USUAL["valkey"]):
        assert choose(["valkey"], "usual")["valkey"] not in USUAL.values()
