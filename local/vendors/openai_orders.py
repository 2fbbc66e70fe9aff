"""What OpenAI lets a client ask for, and its complaints about the rest."""

import re
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from local.vendors.messages import Refused, Request
from local.vendors.problems import MALFORMED, Problem, invalid, openai_error
from local.vendors.writing.reading import Message

SIDES = range(256, 2049)

Order = TypeVar("Order", bound=BaseModel)


class _Part(BaseModel):
    type: str
    text: str = ""


class _ChatMessage(BaseModel):
    role: str
    content: str | list[_Part] | None = None

    def plain(self) -> Message:
        content = self.content or ""
        text = content if isinstance(content, str) else "\n".join(part.text for part in content)
        return Message(self.role, text)


class _JsonSchema(BaseModel):
    name: str
    schema_: dict[str, Any] = Field(alias="schema")


class _ResponseFormat(BaseModel):
    type: Literal["text", "json_schema"]
    json_schema: _JsonSchema | None = None


class ChatOrder(BaseModel):
    model: str
    messages: list[_ChatMessage] = Field(min_length=1)
    response_format: _ResponseFormat | None = None
    stream: Literal[False] | None = None


class ModerationOrder(BaseModel):
    model: str = "omni-moderation-latest"
    input: str | list[str] | list[_Part]

    @property
    def texts(self) -> list[str]:
        given = [self.input] if isinstance(self.input, str) else self.input
        return [item if isinstance(item, str) else item.text for item in given]


class ImageOrder(BaseModel):
    """GPT image models refuse what older models took, `response_format` and `style` included."""

    model_config = ConfigDict(extra="forbid")

    model: str = "gpt-image-2"
    prompt: str = Field(min_length=1, max_length=32_000)
    n: int = Field(default=1, ge=1, le=10)
    size: str = "auto"
    quality: str = "auto"
    background: str = "auto"
    moderation: str = "auto"
    output_format: Literal["png", "jpeg"] = "png"
    output_compression: int = Field(default=100, ge=0, le=100)
    user: str | None = None
    safety_identifier: str | None = None

    @property
    def sides(self) -> tuple[int, int]:
        if self.size == "auto":
            return 1024, 1024
        found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", self.size)
        width, height = (int(side) for side in found.groups()) if found else (0, 0)
        if width not in SIDES or height not in SIDES:
            raise Refused(openai_error(invalid("The size is not served here.", param="size")))
        return width, height


class SpeechOrder(BaseModel):
    model: str
    input: str = Field(min_length=1, max_length=4096)
    voice: str | dict[str, Any]


def parse_order(shape: type[Order], request: Request) -> Order:
    try:
        return shape.model_validate_json(request.body)
    except ValidationError as error:
        raise Refused(openai_error(_complaint(error))) from error


def _complaint(error: ValidationError) -> Problem:
    first = error.errors()[0]
    param = ".".join(map(str, first["loc"])) or None
    if first["type"] == "json_invalid":
        return MALFORMED
    if first["type"] == "missing":
        text = f"Missing required parameter: '{param}'."
        return invalid(text, code="missing_required_parameter", param=param)
    if first["type"] == "extra_forbidden":
        return invalid(f"Unknown parameter: '{param}'.", code="unknown_parameter", param=param)
    return invalid(f"Invalid value: {first['msg']}.", code="invalid_value", param=param)
