"""The Python programs of the stack: how each is called, and how it shows that it is ready."""

import sys
from collections.abc import Mapping
from pathlib import Path

from local.ports import answers_http
from local.service import Service, says
from local.settings import process_environment

Settings = Mapping[str, str]


def emulator(name: str, port: int, *, state: Path) -> Service:
    """Describe the sign-in provider or the AI vendors: they are started in the same way."""
    state.mkdir(mode=0o700, exist_ok=True)
    return Service(
        name,
        _module(f"local.{name}", "--port", str(port), "--state", str(state)),
        process_environment({}),
        is_ready=lambda: answers_http(port, "/health"),
        port=port,
    )


def aws_resources(settings: Settings, *, output: Path) -> Service:
    command = _module("local.resources", "--output", str(output))
    return Service("resources", command, process_environment(settings))


def migration(settings: Settings) -> Service:
    return Service("migrate", _module("chalicelib.migrations"), process_environment(settings))


def api(settings: Settings, port: int) -> Service:
    return Service(
        "api",
        _module("local.api", "--port", str(port)),
        process_environment(settings),
        is_ready=lambda: answers_http(port, "/health"),
        port=port,
    )


def background(name: str, settings: Settings, *, log: Path) -> Service:
    """Describe the worker or the schedules: they listen nowhere, and say when they are ready."""
    return Service(
        name,
        _module(f"local.{name}"),
        process_environment(settings),
        is_ready=lambda: says(log, f"{name} ready"),
    )


def _module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", name, *arguments]
