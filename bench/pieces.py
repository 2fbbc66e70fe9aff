"""`python -m bench.pieces`: the CPU of each thing that a generation does, one after another.

The vendors answer at once here; the time of a process does not count what it waits for.
"""

import io
import json
import logging
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from statistics import median
from uuid import uuid4

import sqlalchemy as sa
from PIL import Image

from bench.rows import DESCRIPTION, add_polling
from chalicelib import wiring
from chalicelib.core.db import reading
from chalicelib.core.metrics import counted
from chalicelib.core.models import ImageModel, Job, MottoTone
from chalicelib.jobs import timing
from chalicelib.jobs.leases import Claim
from chalicelib.jobs.runner import Run
from chalicelib.personas import generation
from chalicelib.personas.generation import DescribedCharacter, Motto
from chalicelib.personas.portraits import redraw

ROUNDS = 15
NAME = "Ada"


def main() -> None:
    logging.disable()
    print(json.dumps([[name, cpu_ms(piece)] for name, piece in pieces().items()]))


def pieces() -> dict[str, Callable[[], object]]:
    ports = wiring.ports()
    about = {"name": NAME, "description": DESCRIPTION}
    draw = partial(ports.images[ImageModel.DALL_E].begin, generation.portrait_prompt(**about))
    drawn = draw().value.content or b""
    portrait = redraw(drawn)
    numbers, folder = count(), uuid4()

    def put() -> None:
        key = f"bench/{folder}-{next(numbers)}.jpg"
        ports.objects.put_new(key, portrait.content, mime=portrait.mime)

    motto = generation.motto_prompt(**about, tone=MottoTone.NEUTRAL)
    return {
        "moderation": partial(ports.text.moderate, DESCRIPTION),
        "text: the character": partial(
            ports.text.answer, generation.described_prompt(**about), DescribedCharacter
        ),
        "text: the motto": partial(ports.text.answer, motto, Motto),
        f"image: order and read {_size(drawn)} of JPEG": draw,
        f"draw it anew, {_size(portrait.content)} of JPEG": partial(redraw, drawn),
        "the same, had it come as a PNG": partial(redraw, _as_png(drawn)),
        "PUT it to S3": put,
        "a checkpoint: one transaction": _checkpoint(),
        "a call's line of metrics": _line,
    }


def _line() -> None:
    whose = {"provider": "openai"}
    counted(whose, {**whose, "step": "image"}, StepMilliseconds=812.4, VendorErrors=0)


def cpu_ms(piece: Callable[[], object]) -> float:
    piece()
    taken = []
    for _ in range(ROUNDS):
        started = time.process_time()
        piece()
        taken.append(time.process_time() - started)
    return median(taken) * 1000


def _checkpoint() -> Callable[[], None]:
    owner_id = add_polling()
    with reading() as session:
        job = session.scalars(sa.select(Job).where(Job.owner_id == owner_id)).one()
    run = Run(
        Claim(
            job_id=job.id,
            owner_id=owner_id,
            kind=job.kind,
            about=job.subject_id,
            fence=job.fence,
            attempt=job.attempt,
            max_attempts=job.max_attempts,
            input={},
            checkpoint={},
            time_left=timing.DEADLINE,
        )
    )
    return partial(run.record, step="image", progress=50, motto={"motto": "Curious to the end."})


def _as_png(picture: bytes) -> bytes:
    out = io.BytesIO()
    with Image.open(io.BytesIO(picture)) as opened:
        opened.save(out, "PNG")
    return out.getvalue()


def _size(content: bytes) -> str:
    return f"{len(content) // 1024} KiB"


if __name__ == "__main__":
    main()
