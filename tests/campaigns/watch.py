"""See what a healthy run does, to compare it with the points."""

import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from chalicelib import adapters
from chalicelib.jobs.runner import Run
from tests.campaigns.dooms import code_of

ADAPTERS = str(Path(str(adapters.__file__)).parent)


@dataclass
class Seen:
    calls: set[str] = field(default_factory=set)
    """The adapters' functions that anybody but an adapter has called."""
    records: list[dict[str, Any]] = field(default_factory=list)
    """The arguments of every `Run.record`."""


class Watch:
    def __init__(self) -> None:
        self.seen = Seen()
        self._record = code_of(Run.record)

    def __enter__(self) -> Seen:
        threading.settrace(self._called)
        sys.settrace(self._called)
        return self.seen

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)
        threading.settrace(None)

    def _called(self, frame: FrameType, _event: str, _argument: object) -> None:
        code = frame.f_code
        if code is self._record:
            named = {name: frame.f_locals[name] for name in ("step", "checkpoint")}
            self.seen.records.append(named)
        is_ours = code.co_filename.startswith(ADAPTERS) and not code.co_name.startswith("_")
        if is_ours and not self._is_inside(frame.f_back):
            self.seen.calls.add(code.co_qualname)

    def _is_inside(self, frame: FrameType | None) -> bool:
        while frame is not None:
            if frame.f_code.co_filename.startswith(ADAPTERS):
                return True
            frame = frame.f_back
        return False
