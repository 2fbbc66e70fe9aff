"""PersonaGenerator: from a committed job to a published persona.

After moderation the character, the motto and the portrait are made at the same time; none needs
another. Each leaves what it made in the job's checkpoint, so that nothing is paid for twice.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

from chalice.app import Blueprint, SQSEvent

from chalicelib import wiring
from chalicelib.core.db import reading, transaction
from chalicelib.core.errors import DomainError, Unavailable
from chalicelib.core.logging import configure
from chalicelib.core.ports import (
    Answer,
    AnswerUnusable,
    ContentRefused,
    Prompt,
    VendorRejected,
    VendorUnavailable,
)
from chalicelib.jobs.exceptions import LeaseLost, Postponed
from chalicelib.jobs.purchases import Bought, Order
from chalicelib.jobs.runner import Run, jobs_named, run_job
from chalicelib.personas import generation
from chalicelib.personas.generation import Character, Motto
from chalicelib.personas.schemas import PersonaGenerate
from chalicelib.personas.services import GENERATE_PERSONA, Image, Outcome, publish, require_newest
from chalicelib.workers.portrait import draw_portrait

configure()
handlers = Blueprint(__name__)

Made = TypeVar("Made")

GRAVEST_FIRST = (LeaseLost, ContentRefused, VendorUnavailable, Unavailable, DomainError)


@handlers.on_sqs_message(queue="generation", batch_size=1, name="persona_generator")
def persona_generator(event: SQSEvent) -> None:
    for job_id in jobs_named(record.body for record in event):
        run_job(wiring.ports().queue, job_id=job_id, work={GENERATE_PERSONA: generate})


def generate(run: Run) -> None:
    with reading() as session:
        require_newest(session, run.claim)
    wish = PersonaGenerate.model_validate(run.claim.input)
    wiring.ports().warm_up()
    moderate(run, wish)
    character, motto, image = together(
        lambda: write_character(run, wish),
        lambda: write_motto(run, wish),
        lambda: draw_portrait(run, wish),
    )
    run.record(step="publish", progress=95)
    with transaction() as session:
        publish(session, run.claim, outcome=outcome_of(wish, character, motto, image))


def moderate(run: Run, wish: PersonaGenerate) -> None:
    if run.recorded("moderated") is not None:
        return
    engine = wiring.ports().text
    passed = run.buy(
        Order(
            step="moderate",
            service=engine.moderating,
            call=lambda: engine.moderate(f"{wish.name}\n{wish.description}"),
            progress=5,
        )
    )
    run.record(step="synthesise", progress=15, receipt=passed.receipt, moderated={"passed": True})


def write_character(run: Run, wish: PersonaGenerate) -> dict[str, Any]:
    if (recorded := run.recorded("character")) is not None:
        return dict(recorded)
    prompt = generation.character_prompt(name=wish.name, description=wish.description)
    written = ask(run, "synthesise", prompt, Character)
    character = written.value.model_dump(by_alias=True)
    run.record(step="motto", progress=40, receipt=written.receipt, character=character)
    return character


def write_motto(run: Run, wish: PersonaGenerate) -> str | None:
    """Return the motto, or None where the vendor cannot make one: a persona can do without."""
    if (recorded := run.recorded("motto")) is not None:
        return str(recorded["motto"])
    prompt = generation.motto_prompt(
        name=wish.name, description=wish.description, tone=wish.motto_tone
    )
    try:
        written = ask(run, "motto", prompt, Motto)
    except VendorRejected:
        return None
    except (VendorUnavailable, Postponed) as error:
        if run.is_last_try(error):
            return None
        raise
    motto = written.value.motto
    run.record(step="image", progress=50, receipt=written.receipt, motto={"motto": motto})
    return motto


def ask(run: Run, step: str, prompt: Prompt, shape: type[Answer]) -> Bought[Answer]:
    """Ask for a text, and once more when the answer does not have the shape."""
    engine = wiring.ports().text
    order = Order(
        step=step,
        service=engine.writing,
        call=lambda: engine.answer(prompt, shape),
        progress=15,
    )
    try:
        return run.buy(order)
    except AnswerUnusable:
        return run.buy(order)


def outcome_of(
    wish: PersonaGenerate, character: dict[str, Any], motto: str | None, image: Image | None
) -> Outcome:
    missing = {"motto_unavailable": motto is None, "image_unavailable": image is None}
    traits = generation.InferredTraits.model_validate(character["traits"])
    return Outcome(
        content={
            **{key: character[key] for key in ("summary", "greeting", "examples", "style")},
            "traits": generation.traits_from(traits, description=wish.description),
            "system_prompt": generation.system_prompt(name=wish.name, character=character),
        },
        motto=motto,
        image=image,
        warnings=[code for code, is_missing in missing.items() if is_missing],
    )


def together(*tasks: Callable[[], Any]) -> list[Any]:
    """Run the tasks at the same time and wait for all: what one of them paid for must be kept,
    even when another fails. Of several errors the gravest is raised."""
    with ThreadPoolExecutor(len(tasks)) as pool:
        futures = [pool.submit(copy_context().run, task) for task in tasks]
    errors = [error for future in futures if (error := future.exception()) is not None]
    for kind in (*GRAVEST_FIRST, BaseException):
        for error in errors:
            if isinstance(error, kind):
                raise error
    return [future.result() for future in futures]
