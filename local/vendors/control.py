"""Steer running vendors from a test or a terminal."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import requests

from local.vendors.faults import KINDS, OPERATIONS

_TIMEOUT_SECONDS = 10
_SHOWN_CALLS = 20


@dataclass(frozen=True)
class CallRecord:
    at: str
    operation: str
    model: str
    prompt_sha256: str
    billed: bool
    fault: str | None


@dataclass(frozen=True)
class Calls:
    count: int
    """How many were billed."""
    attempts: int
    """How many arrived."""
    by_operation: dict[str, int]
    by_model: dict[str, int]
    calls: tuple[CallRecord, ...]


class ControlRefused(ValueError):
    """The vendors cannot do what was asked; the message says why."""


class Control:
    def __init__(self, base_url: str) -> None:
        self._base_url = f"{base_url.rstrip('/')}/_local"

    def latency(self, **milliseconds: float) -> dict[str, float]:
        """Change what is named and return what holds then, by operation."""
        latencies: dict[str, float] = self._send("PUT", "latencies", milliseconds)
        return latencies

    def fail(
        self,
        operation: str,
        kind: str | int,
        times: int = 1,
        after: int = 0,
        contains: str | None = None,
        **options: str | float,
    ) -> None:
        """Let the next `times` calls go wrong, once `after` of them have passed."""
        fault = {"operation": operation, "kind": str(kind), "times": times, "after": after}
        self._send("POST", "faults", {**fault, "contains": contains, "options": options})

    def faults(self) -> list[dict[str, Any]]:
        waiting: list[dict[str, Any]] = self._send("GET", "faults")["faults"]
        return waiting

    def clear(self) -> None:
        """Forget all faults and go back to the usual latencies; calls stay counted."""
        self._send("DELETE", "faults")
        self._send("DELETE", "latencies")

    def calls(self, operation: str | None = None, contains: str | None = None) -> Calls:
        wanted = {"operation": operation, "contains": contains}
        given = {name: value for name, value in wanted.items() if value is not None}
        found = self._send("GET", "calls", query=given)
        records = tuple(CallRecord(**record) for record in found.pop("calls"))
        return Calls(**found, calls=records)

    def tally(self, prefix: str) -> dict[str, dict[str, int]]:
        """Return what was billed, by the word that goes on after the prefix, and by operation."""
        counted: dict[str, dict[str, int]] = self._send("GET", "tally", query={"prefix": prefix})
        return counted

    def forget_calls(self) -> None:
        self._send("DELETE", "calls")

    def _send(
        self, method: str, path: str, body: Any = None, query: dict[str, str] | None = None
    ) -> Any:
        with requests.Session() as session:
            session.trust_env = False
            url = f"{self._base_url}/{path}"
            response = session.request(
                method, url, json=body, params=query, timeout=_TIMEOUT_SECONDS
            )
        answer = response.json()
        if not response.ok:
            raise ControlRefused(answer["error"])
        return answer


def main(argv: Sequence[str], base_url: str) -> int:
    """Run one command and return its exit status; without any, print the help."""
    parser = _parser()
    options = parser.parse_args(argv)
    if options.verb is None:
        parser.print_help()
        return 0
    try:
        options.run(Control(base_url), options)
    except ControlRefused as error:
        print(error, file=sys.stderr)
        return 1
    except requests.ConnectionError:
        print(f"No vendors answer at {base_url}.", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local ai",
        description="Make the local AI vendors slow or faulty, and see what they were asked.",
        epilog=_kinds(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")

    latency = verbs.add_parser("latency", help="show the latencies, or change some: image=1500")
    latency.add_argument("changes", nargs="*", type=_milliseconds, metavar="OPERATION=MS")
    latency.set_defaults(run=_change_latency)

    fail = verbs.add_parser("fail", help="let the next calls go wrong: fail image 429 --times 2")
    fail.add_argument("operation", choices=OPERATIONS, metavar="OPERATION")
    fail.add_argument("kind", choices=list(KINDS), metavar="FAULT")
    fail.add_argument("--times", type=int, default=1, help="how many calls (1)")
    fail.add_argument("--after", type=int, default=0, help="how many calls pass first (0)")
    fail.add_argument("--contains", help="only calls whose prompt holds this text")
    fail.add_argument("--retry-after", help="seconds, for 429 and 503")
    fail.add_argument("--option", action="append", default=[], type=_pair, metavar="NAME=VALUE")
    fail.set_defaults(run=_order_fault)

    clear = verbs.add_parser("clear", help="no faults, the usual latencies")
    clear.set_defaults(run=_clear)

    calls = verbs.add_parser("calls", help="what was called and billed")
    calls.add_argument("--operation", choices=OPERATIONS)
    calls.add_argument("--contains", help="only calls whose prompt holds this text")
    calls.set_defaults(run=_show_calls)
    return parser


def _kinds() -> str:
    lines = [f"operations: {' '.join(OPERATIONS)}", "", "faults:"]
    for name, kind in KINDS.items():
        everywhere = len(kind.operations) == len(OPERATIONS)
        where = "all" if everywhere else " ".join(sorted(kind.operations))
        options = f"; takes {', '.join(sorted(kind.options))}" if kind.options else ""
        lines.append(f"  {name:<25} {kind.summary} ({where}{options})")
    return "\n".join(lines)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _milliseconds(text: str) -> tuple[str, float]:
    name, value = _pair(text)
    return name, float(value)


def _change_latency(control: Control, options: argparse.Namespace) -> None:
    for operation, milliseconds in control.latency(**dict(options.changes)).items():
        print(f"{operation:<12} {milliseconds:g} ms")


def _order_fault(control: Control, options: argparse.Namespace) -> None:
    extra = dict(options.option)
    if options.retry_after is not None:
        extra["retry_after"] = options.retry_after
    control.fail(
        options.operation,
        options.kind,
        times=options.times,
        after=options.after,
        contains=options.contains,
        **extra,
    )
    for fault in control.faults():
        where = f" where the prompt holds {fault['contains']!r}" if fault["contains"] else ""
        print(f"{fault['operation']:<12} {fault['kind']} x {fault['times']}{where}")


def _clear(control: Control, _options: argparse.Namespace) -> None:
    control.clear()
    print("No faults are waiting, and the latencies are the usual ones.")


def _show_calls(control: Control, options: argparse.Namespace) -> None:
    calls = control.calls(options.operation, options.contains)
    for call in calls.calls[-_SHOWN_CALLS:]:
        bill = "billed" if call.billed else "free"
        fault = f" {call.fault}" if call.fault else ""
        print(f"{call.at} {call.operation:<12} {call.model:<28} {bill}{fault}")
    print(f"{calls.attempts} calls, {calls.count} of them billed.")
