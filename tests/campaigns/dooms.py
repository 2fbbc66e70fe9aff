"""Where a process is to die. The product knows nothing of it: its functions are watched.

A place names the product's own functions, so that one that is renamed turns a test red. Only the
process that is to die is traced.
"""

import inspect
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

import h11
from sqlalchemy.engine.default import DefaultDialect

Function = Callable[..., Any]
Locals = Mapping[str, Any]

PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Place:
    """A function is entered, or left, while another one is at work and a third one is not."""

    function: Function
    leaves: bool = False
    within: Function | None = None
    having: Callable[[Locals], bool] = lambda _: True
    """What the arguments of `within` must be."""
    outside: Function | None = None


def enters(function: Function, within: Function | None = None) -> Place:
    return Place(function, within=within)


def leaves(function: Function, within: Function | None = None) -> Place:
    return Place(function, leaves=True, within=within)


def before_commit(
    within: Function,
    having: Callable[[Locals], bool] = lambda _: True,
    *,
    outside: Function | None = None,
) -> Place:
    return Place(DefaultDialect.do_commit, within=within, having=having, outside=outside)


def after_commit(
    within: Function,
    having: Callable[[Locals], bool] = lambda _: True,
    *,
    outside: Function | None = None,
) -> Place:
    return Place(
        DefaultDialect.do_commit, leaves=True, within=within, having=having, outside=outside
    )


def unread(within: Function) -> Place:
    """The request has gone out, and nothing of the answer has been read."""
    return Place(h11.Connection.next_event, within=within)


@dataclass(frozen=True)
class Gate:
    """Hold a task until all others are done, so that a kill finds one step alone at work."""

    task: Function
    others: Sequence[Function]


class Doom:
    """Strikes its own process the first time that it comes to the place."""

    def __init__(self, place: Place, *, blow: signal.Signals, gate: Gate | None = None) -> None:
        self._place = place
        self._blow = blow
        self._code = code_of(place.function)
        self._within = place.within and code_of(place.within)
        self._outside = place.outside and code_of(place.outside)
        self._task = gate and code_of(gate.task)
        self._others = {code_of(other) for other in gate.others} if gate else set()
        self._done = 0
        self._has_struck = False
        watched = {self._code, *self._others, *([self._task] if self._task else [])}
        self._names = {code.co_name for code in watched}

    def arm(self) -> None:
        threading.settrace(self._called)
        sys.settrace(self._called)

    def _called(self, frame: FrameType, _event: str, _argument: object) -> Any:
        code = frame.f_code
        if code.co_name not in self._names:
            return None
        if code is self._task:
            self._wait_for_others()
        if code in self._others:
            return self._watch_return(frame, self._other_left)
        if code is not self._code or not self._is_here(frame):
            return None
        if self._place.leaves:
            return self._watch_return(frame, self._left)
        self._strike()
        return None

    def _watch_return(self, frame: FrameType, watcher: Function) -> Function:
        frame.f_trace_lines = False
        return watcher

    def _left(self, _frame: FrameType, event: str, _argument: object) -> None:
        if event == "return":
            self._strike()

    def _other_left(self, _frame: FrameType, event: str, _argument: object) -> None:
        self._done += event == "return"

    def _wait_for_others(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._done < len(self._others):
            if time.monotonic() > deadline:
                raise TimeoutError(self._place)
            time.sleep(0.001)

    def _is_here(self, frame: FrameType) -> bool:
        is_within = self._within is None
        caller: FrameType | None = frame
        while caller is not None:
            if self._outside is not None and caller.f_code is self._outside:
                return False
            if caller.f_code is self._within and self._place.having(caller.f_locals):
                is_within = True
            caller = caller.f_back
        return is_within

    def _strike(self) -> None:
        if not self._has_struck:
            self._has_struck = True
            # Sent to the process, a stop may reach another thread first, while this one goes on.
            signal.pthread_kill(threading.get_ident(), self._blow)


def code_of(function: Function) -> CodeType:
    code: CodeType = inspect.unwrap(function).__code__
    return code
