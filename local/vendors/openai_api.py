"""The part of OpenAI's API that the application calls."""

import base64
import secrets
import time
from collections.abc import Mapping
from typing import Any

from local.vendors.catalogue import CATALOGUE
from local.vendors.emulator import Call, Emulator
from local.vendors.faults import Fault
from local.vendors.messages import Refused, Reply, Request, json_reply
from local.vendors.openai_orders import (
    ChatOrder,
    ImageOrder,
    ModerationOrder,
    SpeechOrder,
    parse_order,
)
from local.vendors.portrait import as_jpeg, draw_portrait, plain_picture
from local.vendors.problems import (
    AGAINST_POLICY,
    BLOCKED,
    NO_KEY,
    Problem,
    no_such_model,
    openai_error,
)
from local.vendors.routing import Routes
from local.vendors.safety import assess, violations
from local.vendors.speech import speak
from local.vendors.spoilage import PAGE, spoiled_picture
from local.vendors.writing.chat import answer_chat
from local.vendors.writing.obedience import MARKUP

_TOKENS_PER_IMAGE = 1056


def keyed(request: Request) -> None:
    if not request.bearer:
        raise Refused(openai_error(NO_KEY))


routes = Routes(keyed)


@routes.post("/v1/chat/completions")
def complete_chat(emulator: Emulator, request: Request) -> Reply:
    order = parse_order(ChatOrder, request)
    messages = [message.plain() for message in order.messages]
    asked = "\n".join(message.text for message in messages if message.role == "user")
    prompt = "\n".join(message.text for message in messages)
    schema = order.response_format and order.response_format.json_schema
    call = _call("text", order.model, prompt, AGAINST_POLICY if violations(asked) else None)

    def work(fault: Fault | None) -> Reply:
        kind = fault.kind if fault else None
        manner = fault.options.get("manner", MARKUP) if fault else MARKUP
        answer = answer_chat(messages, schema.schema_ if schema else None, kind, manner)
        message = {"role": "assistant", "content": answer.content, "refusal": answer.refusal}
        choice = {"index": 0, "message": message, "finish_reason": answer.finish_reason}
        completion = {
            "id": f"chatcmpl-{secrets.token_hex(12)}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": order.model,
            "choices": [] if kind == "empty" else [{**choice, "logprobs": None}],
            "usage": _usage(prompt, answer.content or answer.refusal or ""),
        }
        return _answered(completion)

    return emulator.perform(call, work)


@routes.post("/v1/moderations")
def moderate(emulator: Emulator, request: Request) -> Reply:
    order = parse_order(ModerationOrder, request)

    def work(fault: Fault | None) -> Reply:
        is_flagged = fault is not None and fault.kind == "flagged"
        is_empty = fault is not None and fault.kind == "empty"
        texts = [] if is_empty else order.texts
        results = [assess(text, is_flagged=is_flagged) for text in texts]
        return _answered({"id": _id("modr"), "model": order.model, "results": results})

    return emulator.perform(_call("moderation", order.model, "\n".join(order.texts)), work)


@routes.post("/v1/images/generations")
def generate_images(emulator: Emulator, request: Request) -> Reply:
    order = parse_order(ImageOrder, request)
    width, height = order.sides
    objection = BLOCKED if violations(order.prompt) else None

    def work(fault: Fault | None) -> Reply:
        kind = fault.kind if fault else ""
        data = []
        for index in range(0 if kind == "empty" else order.n):
            picture = _picture(order, index, is_plain=kind == "plain")
            encoded = base64.b64encode(spoiled_picture(picture, kind)).decode()
            data.append({"b64_json": "!no base64!" if kind == "bad_base64" else encoded})
        answer = {
            "created": int(time.time()),
            "data": data,
            "size": f"{width}x{height}",
            "output_format": order.output_format,
            "usage": _image_usage(order),
        }
        return _answered(answer)

    return emulator.perform(_call("image", order.model, order.prompt, objection), work)


def _picture(order: ImageOrder, index: int, *, is_plain: bool) -> bytes:
    wanted = order.prompt + (f" #{index}" if index else "")
    picture = plain_picture() if is_plain else draw_portrait(wanted, *order.sides)
    is_jpeg = order.output_format == "jpeg"
    return as_jpeg(picture, order.output_compression) if is_jpeg else picture


@routes.post("/v1/audio/speech")
def create_speech(emulator: Emulator, request: Request) -> Reply:
    order = parse_order(SpeechOrder, request)

    def work(fault: Fault | None) -> Reply:
        kind = fault.kind if fault else ""
        if kind == "html":
            return Reply(200, PAGE, "text/html")
        sound = b"" if kind == "empty" else speak(order.input, str(order.voice))
        return Reply(200, sound, "audio/wav", _identified())

    return emulator.perform(_call("speech", order.model, order.input), work)


@routes.get("/v1/models")
def list_models(emulator: Emulator, _request: Request) -> Reply:
    listing = {"object": "list", "data": [model.describe() for model in CATALOGUE.values()]}
    call = Call("models", "", "", openai_error)
    return emulator.perform(call, lambda _: _answered(listing))


@routes.get("/v1/models/{model}")
def get_model(emulator: Emulator, request: Request) -> Reply:
    name = request.params["model"]
    objection = None if name in CATALOGUE else no_such_model(name)
    call = Call("models", name, "", openai_error, objection)
    return emulator.perform(call, lambda _: _answered(CATALOGUE[name].describe()))


def _call(operation: str, model: str, prompt: str, objection: Problem | None = None) -> Call:
    known = CATALOGUE.get(model)
    if known is None or known.purpose != operation:
        objection = no_such_model(model)
    return Call(operation, model, prompt, openai_error, objection)


def _answered(content: Mapping[str, Any]) -> Reply:
    return json_reply(content, headers=_identified())


def _identified() -> dict[str, str]:
    return {"x-request-id": _id("req")}


def _id(prefix: str) -> str:
    return f"{prefix}-{secrets.token_hex(12)}"


def _tokens(text: str) -> int:
    return max(1, len(text) // 4)


def _usage(prompt: str, content: str) -> dict[str, int]:
    asked, written = _tokens(prompt), _tokens(content)
    return {
        "prompt_tokens": asked,
        "completion_tokens": written,
        "total_tokens": asked + written,
    }


def _image_usage(order: ImageOrder) -> dict[str, Any]:
    asked, drawn = _tokens(order.prompt), _TOKENS_PER_IMAGE * order.n
    return {
        "input_tokens": asked,
        "input_tokens_details": {"text_tokens": asked, "image_tokens": 0},
        "output_tokens": drawn,
        "total_tokens": asked + drawn,
    }
