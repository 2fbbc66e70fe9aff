"""The part of Replicate's API that the application calls."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from local.vendors.emulator import Call, Emulator
from local.vendors.faults import Fault
from local.vendors.messages import Refused, Reply, Request, json_reply
from local.vendors.predictions import Order, Prediction, PredictionMissing, Status, Wanted
from local.vendors.problems import MALFORMED, NO_KEY, NOT_FOUND, Problem, replicate_error
from local.vendors.routing import Routes, anyone
from local.vendors.safety import violations
from local.vendors.spoilage import PAGE, spoiled_picture

LONGEST_WAIT = 60
_INTERNAL_ADDRESS = "http://169.254.169.254/latest/meta-data/"
_WELL_KNOWN = (
    "black-forest-labs/flux-1.1-pro",
    "black-forest-labs/flux-dev",
    "black-forest-labs/flux-schnell",
    "prompthero/openjourney",
    "prompthero/openjourney-v4",
    "stability-ai/sdxl",
)
_UNLISTED = "local/unlisted"
_NOT_SAFE = "NSFW content detected. Try running it again, or try a different prompt."
_OUT_OF_MEMORY = "CUDA out of memory. Tried to allocate 2.00 GiB."


def keyed(request: Request) -> None:
    if not request.bearer:
        raise Refused(replicate_error(NO_KEY))


routes = Routes(keyed)
files = Routes(anyone)

Event = Literal["start", "output", "logs", "completed"]


class _PredictionOrder(BaseModel):
    version: str | None = None
    input: dict[str, Any]
    webhook: str | None = None
    webhook_events_filter: list[Event] = Field(default=["start", "completed"])


@routes.post("/v1/predictions")
def create_prediction(emulator: Emulator, request: Request) -> Reply:
    body = _parse(request)
    if not body.version:
        raise Refused(replicate_error(_unusable("version is required")))
    name, _, version = body.version.rpartition(":") if "/" in body.version else ("", "", "")
    version = version or body.version
    return _create(emulator, request, body, (name or _BY_VERSION.get(version, _UNLISTED), version))


@routes.post("/v1/models/{owner}/{name}/predictions")
def create_model_prediction(emulator: Emulator, request: Request) -> Reply:
    model = _model_name(request)
    return _create(emulator, request, _parse(request), (model, _version_of(model)))


@routes.get("/v1/predictions")
def list_predictions(emulator: Emulator, _request: Request) -> Reply:
    newest = emulator.predictions.newest()
    results = [prediction.describe(emulator.origin) for prediction in newest]
    return json_reply({"previous": None, "next": None, "results": results})


@routes.get("/v1/predictions/{id}")
def get_prediction(emulator: Emulator, request: Request) -> Reply:
    prediction = _find(emulator, request)
    call = Call("poll", prediction.order.model, prediction.order.wanted.prompt, replicate_error)
    return emulator.perform(call, lambda _: json_reply(prediction.describe(emulator.origin)))


@routes.post("/v1/predictions/{id}/cancel")
def cancel_prediction(emulator: Emulator, request: Request) -> Reply:
    prediction = _find(emulator, request)
    emulator.predictions.cancel(prediction)
    return json_reply(prediction.describe(emulator.origin))


@routes.get("/v1/models/{owner}/{name}")
def get_model(_emulator: Emulator, request: Request) -> Reply:
    model = _model_name(request)
    return json_reply(
        {
            "url": f"https://replicate.com/{model}",
            "owner": request.params["owner"],
            "name": request.params["name"],
            "description": "Draws a portrait on this machine.",
            "visibility": "public",
            "run_count": 1,
            "github_url": None,
            "paper_url": None,
            "license_url": None,
            "cover_image_url": None,
            "default_example": None,
            "latest_version": _describe_version(_version_of(model)),
        }
    )


@routes.get("/v1/models/{owner}/{name}/versions")
def list_versions(_emulator: Emulator, request: Request) -> Reply:
    version = _describe_version(_version_of(_model_name(request)))
    return json_reply({"previous": None, "next": None, "results": [version]})


@routes.get("/v1/models/{owner}/{name}/versions/{id}")
def get_version(_emulator: Emulator, request: Request) -> Reply:
    return json_reply(_describe_version(request.params["id"]))


@routes.get("/v1/webhooks/default/secret")
def get_webhook_secret(emulator: Emulator, _request: Request) -> Reply:
    return json_reply({"key": emulator.predictions.webhooks.key})


@files.get("/files/{name}.png")
def download_file(emulator: Emulator, request: Request) -> Reply:
    name = request.params["name"]
    try:
        picture = emulator.predictions.picture(name)
        order = emulator.predictions.find(name.partition("-")[0]).order
    except PredictionMissing as error:
        raise Refused(replicate_error(NOT_FOUND)) from error

    def work(fault: Fault | None) -> Reply:
        kind = fault.kind if fault else ""
        if fault and kind == "redirect":
            location = fault.options.get("location", _INTERNAL_ADDRESS)
            return Reply(302, b"", "text/plain", {"Location": location})
        if kind == "html":
            return Reply(200, PAGE, "text/html")
        return Reply(200, spoiled_picture(picture, kind), "image/png")

    return emulator.perform(
        Call("download", order.model, order.wanted.prompt, replicate_error), work
    )


def _create(
    emulator: Emulator, request: Request, body: _PredictionOrder, model: tuple[str, str]
) -> Reply:
    order = Order(
        model=model[0],
        version=model[1],
        input=body.input,
        webhook=body.webhook,
        webhook_events=list(body.webhook_events_filter),
        seconds=emulator.latencies.seconds("prediction"),
    )

    def work(fault: Fault | None) -> Reply:
        prediction = emulator.predictions.start(order.model_copy(update=_fate(order, fault)))
        if (seconds := _patience(request)) > 0:
            emulator.predictions.wait(prediction, seconds)
        return json_reply(prediction.describe(emulator.origin), 201)

    prompt = order.wanted.prompt or json.dumps(order.input, sort_keys=True)
    call = Call("prediction", order.model, prompt, replicate_error, answers_at_once=True)
    return emulator.perform(call, work)


def _fate(order: Order, fault: Fault | None) -> Mapping[str, Any]:
    if violations(order.wanted.prompt):
        return _ends("failed", error=_NOT_SAFE)
    options = fault.options if fault else {}
    fates = {
        "canceled": _ends("canceled"),
        "empty": {"output": []},
        "failed": _ends("failed", error=options.get("error", _OUT_OF_MEMORY)),
        "foreign_url": {"output": [options.get("url", f"{_INTERNAL_ADDRESS}picture.png")]},
        "plain": {"is_plain": True},
        "stuck": _ends("processing"),
    }
    return fates.get(fault.kind, {}) if fault else {}


def _ends(status: Status, *, error: str | None = None) -> dict[str, Any]:
    return {"ends_as": status, "error": error}


def _patience(request: Request) -> float:
    """Read `Prefer: wait` or `Prefer: wait=5`."""
    found = re.search(r"\bwait(?:=(\d+))?", request.headers.get("prefer", ""))
    return min(int(found.group(1) or LONGEST_WAIT), LONGEST_WAIT) if found else 0


def _parse(request: Request) -> _PredictionOrder:
    try:
        body = _PredictionOrder.model_validate_json(request.body)
        Wanted.model_validate(body.input)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        is_json = first["type"] != "json_invalid"
        problem = _unusable(f"{field}: {first['msg']}") if is_json else MALFORMED
        raise Refused(replicate_error(problem)) from error
    return body


def _unusable(detail: str) -> Problem:
    return Problem(422, f"- {detail}\n")


def _find(emulator: Emulator, request: Request) -> Prediction:
    try:
        return emulator.predictions.find(request.params["id"])
    except PredictionMissing as error:
        raise Refused(replicate_error(NOT_FOUND)) from error


def _model_name(request: Request) -> str:
    return f"{request.params['owner']}/{request.params['name']}"


def _version_of(model: str) -> str:
    return hashlib.sha256(model.encode()).hexdigest()


_BY_VERSION = {_version_of(model): model for model in _WELL_KNOWN}


def _describe_version(version: str) -> dict[str, Any]:
    output = {"type": "array", "items": {"type": "string", "format": "uri"}}
    return {
        "id": version,
        "created_at": "2026-01-01T00:00:00Z",
        "cog_version": "0.16.0",
        "openapi_schema": {"components": {"schemas": {"Output": output}}},
    }
