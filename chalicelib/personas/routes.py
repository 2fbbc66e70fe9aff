from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from chalicelib.auth.guards import signed_in, signed_in_or_anyone
from chalicelib.core.answers import Pending, Reply
from chalicelib.core.http import Caller, Routes
from chalicelib.core.ports import Ports
from chalicelib.core.preconditions import IfMatch
from chalicelib.jobs.replies import once_ended, queued
from chalicelib.personas import deletion, editing, images, reading, renewal, services
from chalicelib.personas.schemas import (
    CardRead,
    GenerationAccepted,
    ImageCreate,
    ImagePage,
    ImagesQuery,
    JobAccepted,
    MottoCreate,
    MyPersonaRead,
    PersonaGenerate,
    PersonaPage,
    PersonaRead,
    PersonasQuery,
    PersonaUpdate,
)

routes = Routes(__name__, guard=signed_in)


@routes.post("/personas/generate", status=(202, 200))
def generate_persona(
    session: Session, caller: Caller, ports: Ports, body: PersonaGenerate
) -> Pending[GenerationAccepted]:
    """Start making a persona (202), or return the one that already has this name (200)."""
    asked = services.request_generation(
        session, ports.queue, ports.cache, owner_id=caller.user_id, data=body
    )
    return Pending(
        GenerationAccepted.of(asked.persona_id, asked.job),
        status=202 if asked.is_started else 200,
        location=f"/jobs/{asked.job.id}" if asked.job else f"/personas/{asked.persona_id}",
        retry_after=asked.job.poll_after if asked.job else None,
        settled=once_ended(asked.job, partial(GenerationAccepted.of, asked.persona_id)),
    )


@routes.get("/personas/me")
def get_my_persona(session: Session, caller: Caller, ports: Ports) -> Reply[MyPersonaRead]:
    """Return the primary persona: the one asked for last, unless another was chosen since."""
    polled = reading.get_my_persona(session, ports.objects, user_id=caller.user_id)
    return Reply(polled.body, etag=polled.etag, retry_after=polled.retry_after)


@routes.get("/personas")
def list_personas(
    session: Session, caller: Caller, ports: Ports, query: PersonasQuery
) -> PersonaPage:
    return reading.list_personas(session, ports.objects, owner_id=caller.user_id, query=query)


@routes.get("/personas/{persona_id}", guard=signed_in_or_anyone)
def get_persona(
    session: Session, replica: Session, caller: Caller | None, ports: Ports, persona_id: UUID
) -> Reply[PersonaRead | CardRead]:
    """Return the owner's persona in full; of a public or unlisted one, its card to anybody."""
    viewer_id = caller.user_id if caller else None
    seen = reading.get_persona(
        session, replica, ports.objects, viewer_id=viewer_id, persona_id=persona_id
    )
    return Reply(seen.body, etag=seen.etag)


@routes.patch("/personas/{persona_id}")
def update_persona(
    caller: Caller, ports: Ports, if_match: IfMatch, persona_id: UUID, body: PersonaUpdate
) -> Reply[PersonaRead]:
    """Change a persona by hand. `If-Match` says which version you have seen."""
    seen = editing.update_persona(
        ports,
        owner_id=caller.user_id,
        persona_id=persona_id,
        if_match=if_match,
        data=body,
    )
    return Reply(seen.body, etag=seen.etag)


@routes.delete("/personas/{persona_id}")
def delete_persona(
    session: Session, caller: Caller, ports: Ports, if_match: IfMatch | None, persona_id: UUID
) -> None:
    """Delete a persona with its images and its unfinished jobs. Its name can be used again."""
    deletion.delete_persona(
        session, ports.cache, owner_id=caller.user_id, persona_id=persona_id, if_match=if_match
    )


@routes.get("/personas/{persona_id}/image", status=302, guard=signed_in_or_anyone)
def get_persona_image(
    session: Session, caller: Caller | None, ports: Ports, persona_id: UUID
) -> Reply[None]:
    """Redirect to a URL that serves the picture for 60 seconds."""
    viewer_id = caller.user_id if caller else None
    signed = reading.get_image_url(
        session, ports.objects, viewer_id=viewer_id, persona_id=persona_id
    )
    return Reply(None, location=signed.url)


@routes.get("/personas/{persona_id}/images")
def list_images(
    session: Session, caller: Caller, ports: Ports, persona_id: UUID, query: ImagesQuery
) -> ImagePage:
    """List the portraits that the persona has had, newest first."""
    return images.list_images(
        session, ports.objects, owner_id=caller.user_id, persona_id=persona_id, query=query
    )


@routes.post("/personas/{persona_id}/images", status=(202, 200))
def create_image(
    session: Session, caller: Caller, ports: Ports, persona_id: UUID, body: ImageCreate
) -> Pending[JobAccepted]:
    """Draw a new portrait, which becomes the current one. The motto stays."""
    job = renewal.request_image(
        session, ports.queue, owner_id=caller.user_id, persona_id=persona_id, data=body
    )
    return queued(job, JobAccepted.of)


@routes.delete("/personas/{persona_id}/images/{image_id}")
def delete_image(session: Session, caller: Caller, persona_id: UUID, image_id: UUID) -> None:
    """Delete a portrait that is not the current one."""
    images.delete_image(session, owner_id=caller.user_id, persona_id=persona_id, image_id=image_id)


@routes.post("/personas/{persona_id}/motto", status=(202, 200))
def create_motto(
    session: Session, caller: Caller, ports: Ports, persona_id: UUID, body: MottoCreate
) -> Pending[JobAccepted]:
    """Write a new motto. The portrait stays."""
    job = renewal.request_motto(
        session, ports.queue, owner_id=caller.user_id, persona_id=persona_id, data=body
    )
    return queued(job, JobAccepted.of)
