"""Two servers on loopback that say what a test wants: one is listed, the other is not."""

from collections.abc import Iterator

import pytest

from tests.adapters.wire import Wire, listening, said


@pytest.fixture(scope="module")
def _servers() -> Iterator[tuple[Wire, Wire]]:
    with listening(said(b"a picture")) as own, listening(said(b"a secret")) as other:
        yield own, other


@pytest.fixture
def own(_servers: tuple[Wire, Wire]) -> Wire:
    """A server that is in the list."""
    wire = _servers[0].forget()
    wire.answer = said(b"a picture")
    return wire


@pytest.fixture
def other(_servers: tuple[Wire, Wire]) -> Wire:
    """A server that is not."""
    return _servers[1].forget()
