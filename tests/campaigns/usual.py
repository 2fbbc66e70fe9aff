"""The usual code."""

from collections.abc import Callable, Mapping
from typing import Any

ROLES: Mapping[str, Callable[..., Any]] = {}
