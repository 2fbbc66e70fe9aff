"""A chat completion: the answer, and how it ended."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.vendors.writing import prose
from local.vendors.writing.obedience import MARKUP, is_told_anything, obey
from local.vendors.writing.reading import Message, read_messages
from local.vendors.writing.schemas import Form, exceed_length, fit_length

_ENDS_EARLY = {"cut_short": "length", "content_filter": "content_filter"}
_REFUSAL = "I'm sorry, but I can't help with that request."


@dataclass(frozen=True)
class Answer:
    content: str | None
    refusal: str | None = None
    finish_reason: str = "stop"


def answer_chat(
    messages: Sequence[Message],
    schema: Mapping[str, Any] | None,
    fault: str | None = None,
    manner: str = MARKUP,
) -> Answer:
    """Answer as the fault demands; `manner` is what a model that obeys the data does."""
    if fault == "refusal":
        return Answer(None, _REFUSAL)
    reading = read_messages(messages)
    fit = exceed_length if fault == "too_long" else fit_length
    if schema is None:
        content = fit(prose.write_reply(reading), {})
    else:
        filled = Form(schema, reading, fit, fault).fill()
        if fault == "obeys" and is_told_anything(reading):
            filled = obey(filled, reading, manner)
        content = json.dumps(_broken(filled) if fault == "schema_invalid" else filled)
    if fault in _ENDS_EARLY:
        return Answer(content[: len(content) // 2], finish_reason=_ENDS_EARLY[fault])
    return Answer(content)


def _broken(filled: Any) -> dict[str, Any]:
    """Leave out the first field and put in one that nobody knows."""
    kept = dict(list(filled.items())[1:]) if isinstance(filled, dict) else {}
    return {**kept, "unexpected": True}
