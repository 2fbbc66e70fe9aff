"""How a test or a person steers the vendors: latencies, faults and what was called."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from local.vendors.emulator import Emulator
from local.vendors.faults import KINDS, OPERATIONS, Fault, FaultRefused
from local.vendors.latencies import DEFAULT_MILLISECONDS
from local.vendors.messages import Refused, Reply, Request, json_reply
from local.vendors.routing import Routes, anyone

routes = Routes(anyone)

_Milliseconds = TypeAdapter(dict[str, Annotated[float, Field(ge=0, le=600_000)]])


class _FaultOrder(BaseModel):
    model_config = ConfigDict(extra="forbid")

    operation: str
    kind: str
    times: int = Field(default=1, ge=1)
    after: int = Field(default=0, ge=0)
    contains: str | None = None
    options: dict[str, str | int | float] = {}


@routes.get("/_local/")
def show_help(_emulator: Emulator, _request: Request) -> Reply:
    kinds = {
        name: {
            "summary": kind.summary,
            "operations": [name for name in OPERATIONS if name in kind.operations],
            "options": sorted(kind.options),
        }
        for name, kind in KINDS.items()
    }
    paths = [f"{route.method} {route.template}" for route in routes]
    return json_reply({"routes": paths, "operations": OPERATIONS, "faults": kinds})


@routes.get("/_local/latencies")
def get_latencies(emulator: Emulator, _request: Request) -> Reply:
    return json_reply(emulator.latencies.milliseconds())


@routes.put("/_local/latencies")
def change_latencies(emulator: Emulator, request: Request) -> Reply:
    try:
        wanted = _Milliseconds.validate_json(request.body)
    except ValidationError as error:
        raise _refused(error) from error
    if unknown := wanted.keys() - DEFAULT_MILLISECONDS.keys():
        raise Refused(json_reply({"error": f"No operation is called {sorted(unknown)}."}, 400))
    emulator.latencies.change(wanted)
    return get_latencies(emulator, request)


@routes.delete("/_local/latencies")
def reset_latencies(emulator: Emulator, request: Request) -> Reply:
    emulator.latencies.reset()
    return get_latencies(emulator, request)


@routes.get("/_local/faults")
def list_faults(emulator: Emulator, _request: Request) -> Reply:
    return json_reply({"faults": [asdict(fault) for fault in emulator.faults.waiting()]})


@routes.post("/_local/faults")
def add_fault(emulator: Emulator, request: Request) -> Reply:
    try:
        order = _FaultOrder.model_validate_json(request.body)
        fault = Fault(**{**order.model_dump(), "options": _as_text(order.options)})
    except ValidationError as error:
        raise _refused(error) from error
    except FaultRefused as error:
        raise Refused(json_reply({"error": str(error)}, 400)) from error
    emulator.faults.add(fault)
    return json_reply(asdict(fault), 201)


@routes.delete("/_local/faults")
def clear_faults(emulator: Emulator, request: Request) -> Reply:
    emulator.faults.clear()
    return list_faults(emulator, request)


@routes.get("/_local/calls")
def count_calls(emulator: Emulator, request: Request) -> Reply:
    operation, contains = request.query.get("operation"), request.query.get("contains")
    return json_reply(emulator.counters.summary(operation=operation, contains=contains))


@routes.get("/_local/tally")
def tally_calls(emulator: Emulator, request: Request) -> Reply:
    return json_reply(emulator.counters.tally(request.query.get("prefix", "")))


@routes.delete("/_local/calls")
def forget_calls(emulator: Emulator, request: Request) -> Reply:
    emulator.counters.clear()
    return count_calls(emulator, request)


def _as_text(options: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in options.items()}


def _refused(error: ValidationError) -> Refused:
    return Refused(json_reply({"error": error.errors()[0]["msg"]}, 400))
