"""The parts of the image's step that are ours, each measured by itself."""

import base64
import json
import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from statistics import median

from local.vendors.portrait import draw_portrait

ROUNDS = 9
PROMPT = "Portrait of Ada: curious, with dark curly hair, by the sea at night."


def picture_shares(env: Mapping[str, str]) -> list[list[str]]:
    os.environ |= env
    # These read the settings, which are there only now.
    from chalicelib import wiring  # noqa: PLC0415
    from chalicelib.personas.portraits import redraw  # noqa: PLC0415

    drawn = draw_portrait(PROMPT, 1024, 1024)
    answer = json.dumps({"data": [{"b64_json": base64.b64encode(drawn).decode()}]})
    portrait = redraw(drawn)
    objects, number = wiring.ports().objects, count()

    def unpack() -> None:
        base64.b64decode(json.loads(answer)["data"][0]["b64_json"], validate=True)

    def put() -> None:
        key = f"bench/{os.getpid()}-{next(number)}.jpg"
        objects.put_new(key, portrait.content, mime=portrait.mime)

    png, jpeg = (f"{len(content) // 1024} KiB" for content in (drawn, portrait.content))
    return [
        [f"read the answer: JSON and base64 of a PNG of {png}", _ms(unpack)],
        ["decode the PNG and encode it as a JPEG", _ms(partial(redraw, drawn))],
        [f"PUT the JPEG of {jpeg} to the emulated S3", _ms(put)],
    ]


def _ms(action: Callable[[], object]) -> str:
    action()
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        action()
        taken.append((time.perf_counter() - started) * 1000)
    return f"{median(taken):.1f}"
