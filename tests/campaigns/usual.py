"""The usual code, as a control: on the same tables, queue, store and vendors.

It commits and then sends, holds no lease, keeps no checkpoint, puts without asking, and deletes the
message last. A harness that finds nothing wrong with it would prove nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import boto3
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from chalicelib import wiring
from chalicelib.adapters.openai import OpenAiImages, OpenAiText
from chalicelib.core.config import settings
from chalicelib.core.db import reading, transaction
from chalicelib.core.models import ImageModel, MottoTone, Persona, PersonaImage, Source, Visibility
from chalicelib.jobs import timing
from chalicelib.personas import generation
from chalicelib.personas.portraits import Portrait, redraw
from chalicelib.personas.services import name_key
from tests.campaigns.crash import Row, extra_paid
from tests.campaigns.crew import Telling, strike
from tests.campaigns.dooms import after_commit, enters, leaves, unread
from tests.campaigns.errands import bill_of
from tests.campaigns.harness import Harness, prefix_of
from tests.campaigns.mail import LogQueue, Message
from tests.campaigns.point import Point
from tests.campaigns.roles import mail

BILL = bill_of("character", "motto", "image")
DESCRIPTION = "Curious, calm and kind."


def accept(owner_id: str, name: str) -> None:
    try:
        persona_id = _insert(UUID(owner_id), name)
    except IntegrityError:
        return  # it was accepted before
    mail().send(persona_id, kind="usual")


def deliver(messages: Sequence[Message]) -> None:
    for message in messages:
        generate(UUID(message.job_id))
        mail().delete(message.id)


def generate(persona_id: UUID) -> None:
    with reading() as session:
        name = session.scalar(sa.select(Persona.name).where(Persona.id == persona_id)) or ""
    ports = wiring.ports()
    asked = {"name": name, "description": DESCRIPTION}
    ports.text.moderate(f"{name}\n{DESCRIPTION}")
    prompt_of_character = generation.described_prompt(**asked)
    written = ports.text.answer(prompt_of_character, generation.DescribedCharacter).value
    prompt = generation.motto_prompt(**asked, tone=MottoTone.NEUTRAL)
    motto = ports.text.answer(prompt, generation.Motto).value.motto
    prompt_of_image = generation.portrait_prompt(**asked)
    drawing = ports.images[ImageModel.DALL_E].begin(prompt_of_image)
    portrait = redraw(drawing.value.content or b"")
    key = f"images/{persona_id}/{uuid4()}.jpg"
    put(key, portrait.content)
    publish(persona_id, key=key, portrait=portrait, motto=motto, summary=written.summary)


def put(key: str, content: bytes) -> None:
    boto3.client("s3").put_object(Bucket=settings().media_bucket, Key=key, Body=content)


def publish(persona_id: UUID, *, key: str, portrait: Portrait, motto: str, summary: str) -> None:
    with transaction() as session:
        image = PersonaImage(
            persona_id=persona_id,
            key=key,
            mime=portrait.mime,
            width=portrait.width,
            height=portrait.height,
            sha256=portrait.sha256,
        )
        session.add(image)
        session.flush()
        session.execute(
            sa.update(Persona)
            .where(Persona.id == persona_id)
            .values(
                current_image_id=image.id,
                motto=motto,
                summary=summary,
                version=Persona.version + 1,
                published_at=sa.func.now(),
            )
        )


def _insert(owner_id: UUID, name: str) -> UUID:
    with transaction() as session:
        persona = Persona(
            owner_id=owner_id,
            name=name,
            name_key=name_key(name),
            source=Source.DESCRIPTION,
            description=DESCRIPTION,
            motto_tone=MottoTone.NEUTRAL,
            visibility=Visibility.PRIVATE,
        )
        session.add(persona)
        session.flush()
        return persona.id


ROLES: Mapping[str, Callable[..., Any]] = {"usual accept": accept, "usual deliver": deliver}

POINTS: Mapping[str, Point] = {
    point.name: point
    for point in (
        Point("usual accept: after COMMIT", "accept", after_commit(accept)),
        Point("usual accept: before the send", "accept", enters(LogQueue.send)),
        Point("usual worker: text answered", "work", leaves(OpenAiText.answer)),
        Point("usual worker: image unread", "work", unread(OpenAiImages.begin)),
        Point("usual worker: image answered", "work", leaves(OpenAiImages.begin)),
        Point("usual worker: PUT", "work", leaves(put)),
        Point("usual worker: after COMMIT", "work", leaves(publish)),
    )
}


def kill(harness: Harness, point: Point, runs: int) -> Row:
    names = harness.begin(runs)
    asked = [(harness.owner_id, name) for name in names]
    if point.role == "accept":
        deaths = strike(point.name, [("usual accept", each) for each in asked])
        harness.crew.each("usual accept", asked)  # the client saw no answer, and asks again
    else:
        harness.crew.each("usual accept", asked)
        tellings: list[Telling] = [("usual deliver", ([each],)) for each in harness.receive()]
        deaths = strike(point.name, tellings)
    seconds = 0.0
    while harness.mailbox.left() and seconds < timing.VISIBILITY.total_seconds() * 2:
        seconds += timing.VISIBILITY.total_seconds()
        harness.clock.advance(timing.VISIBILITY.total_seconds())
        harness.crew.each("usual deliver", [([each],) for each in harness.receive()])
    seen = harness.look(prefix_of(names))
    harness.control.clear()
    extra = extra_paid(seen, BILL, of=lambda each: each.version > 0)
    return Row(
        point=point.name,
        runs=runs,
        killed=deaths,
        ready=sum(each.version > 0 for each in seen.outcomes),
        failed=0,
        lost=sum(each.version == 0 for each in seen.outcomes),
        stuck=seconds,
        unledgered=seen.unledgered,
        reserved=seen.reserved,
        mismatches=sum(each.version > 0 and not each.is_whole for each in seen.outcomes),
        changed=0,
        **extra,
    )
