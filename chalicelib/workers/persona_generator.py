"""PersonaGenerator: from a committed job to a published persona, or to a new part of one.

After moderation the character, the motto and the portrait are made at the same time; none needs
another. The character is verified while the portrait is drawn. Each leaves what it made in the
job's checkpoint, so that nothing is paid for twice.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

from chalice.app import Blueprint, SQSEvent

from chalicelib import wiring
from chalicelib.core import tracing
from chalicelib.core.db import reading, transaction
from chalicelib.core.errors import DomainError, Unavailable
from chalicelib.core.logging import configure
from chalicelib.core.ports import ContentRefused, VendorRejected, VendorUnavailable
from chalicelib.jobs.exceptions import LeaseLost, Postponed
from chalicelib.jobs.purchases import Order
from chalicelib.jobs.runner import Run, jobs_named, run_job
from chalicelib.personas import generation
from chalicelib.personas.archetypes import stored_archetype
from chalicelib.personas.evidence import copies
from chalicelib.personas.generation import Motto
from chalicelib.personas.renewal import (
    DRAW_IMAGE,
    WRITE_MOTTO,
    publish_image,
    publish_motto,
    require_present,
)
from chalicelib.personas.schemas import NamedWish
from chalicelib.personas.services import (
    GENERATE_PERSONA,
    IMAGE_UNAVAILABLE,
    MOTTO_UNAVAILABLE,
    Image,
    Outcome,
    publish,
    require_newest,
)
from chalicelib.personas.traits import seen_levels
from chalicelib.workers.asking import ask
from chalicelib.workers.character import about, score, write_character
from chalicelib.workers.portrait import draw_portrait
from chalicelib.workers.verification import Verified, verify

configure()
handlers = Blueprint(__name__)

Made = TypeVar("Made")

GRAVEST_FIRST = (LeaseLost, ContentRefused, VendorUnavailable, Unavailable, DomainError)


@handlers.on_sqs_message(queue="generation", batch_size=1, name="persona_generator")
def persona_generator(event: SQSEvent) -> None:
    for job_id, trace in jobs_named(record.to_dict() for record in event):
        with tracing.following(trace, name="persona_generator"):
            run_job(wiring.ports().queue, job_id=job_id, work=WORK)


def generate(run: Run) -> None:
    with reading() as session:
        require_newest(session, run.claim)
    wish = NamedWish.model_validate(run.claim.input)
    wiring.ports().warm_up()
    scored = score(run, wish)
    moderate(run, wish)
    subject = about(wish, scored)
    (character, verified), motto, image = together(
        lambda: write_and_verify(run, wish, scored),
        lambda: if_possible(run, lambda: write_motto(run, wish, subject)),
        lambda: if_possible(run, lambda: draw_portrait(run, wish, subject)),
    )
    run.record(step="publish", progress=95)
    with transaction() as session:
        publish(session, run.claim, outcome=outcome_of(character, verified, motto, image))


def draw_image(run: Run) -> None:
    wish = begin_renewal(run)
    moderate(run, wish)
    image = draw_portrait(run, wish, about(wish, None))
    with transaction() as session:
        publish_image(session, run.claim, image=image)


def renew_motto(run: Run) -> None:
    wish = begin_renewal(run)
    motto = write_motto(run, wish, about(wish, None))
    with transaction() as session:
        publish_motto(session, run.claim, motto=motto)


def begin_renewal(run: Run) -> NamedWish:
    with reading() as session:
        require_present(session, run.claim)
    wiring.ports().warm_up()
    return NamedWish.model_validate(run.claim.input)


WORK = {GENERATE_PERSONA: generate, DRAW_IMAGE: draw_image, WRITE_MOTTO: renew_motto}


def moderate(run: Run, wish: NamedWish) -> None:
    """See to the owner's own words. Those of friends are left out where they are not fit."""
    if run.recorded("moderated") is not None:
        return
    engine = wiring.ports().text
    passed = run.buy(
        Order(
            step="moderate",
            service=engine.moderating,
            call=lambda: engine.moderate(f"{wish.name}\n{wish.description or ''}"),
            progress=5,
        )
    )
    run.record(step="synthesise", progress=15, receipt=passed.receipt, moderated={"passed": True})


def write_and_verify(
    run: Run, wish: NamedWish, scored: Mapping[str, Any] | None
) -> tuple[dict[str, Any], Verified]:
    character = write_character(run, wish, scored)
    return character, verify(run, wish, character)


def write_motto(run: Run, wish: NamedWish, subject: str) -> str:
    if (recorded := run.recorded("motto")) is not None:
        return str(recorded["motto"])
    prompt = generation.motto_prompt(name=wish.name, description=subject, tone=wish.motto_tone)
    written = ask(run, "motto", prompt, Motto)
    motto = written.value.motto
    if copies([motto], [prompt.instructions]):
        run.settle(written.receipt)
        raise VendorRejected(reason="our own words")
    run.record(step="image", progress=50, receipt=written.receipt, motto={"motto": motto})
    return motto


def if_possible(run: Run, make: Callable[[], Made]) -> Made | None:
    """Return None where the vendors cannot make it: a persona can do without."""
    try:
        return make()
    except VendorRejected:
        return None
    except (VendorUnavailable, Postponed) as error:
        if run.is_last_try(error):
            return None
        raise


def outcome_of(
    character: dict[str, Any], verified: Verified, motto: str | None, image: Image | None
) -> Outcome:
    missing = {
        MOTTO_UNAVAILABLE: motto is None,
        IMAGE_UNAVAILABLE: image is None,
        "words_left_out": character["words_left_out"],
        "fidelity_unmeasured": verified.fidelity is None,
    }
    return Outcome(
        content={
            **{key: value for key, value in character.items() if key != "words_left_out"},
            "archetype": stored_archetype(seen_levels(character["traits"])),
            "system_prompt": verified.system_prompt,
            "fidelity": verified.stored(),
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
