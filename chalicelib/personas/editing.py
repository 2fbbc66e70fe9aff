"""What an owner changes by hand."""

import logging
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from chalicelib.core.db import reading, transaction
from chalicelib.core.models import Persona, PersonaImage
from chalicelib.core.ports import (
    ContentRefused,
    Ports,
    TextEngine,
    VendorRejected,
    VendorUnavailable,
)
from chalicelib.core.preconditions import IfMatch
from chalicelib.personas.exceptions import PersonaNameTaken, PersonaNotReady, UnknownImage
from chalicelib.personas.reading import Seen, read_own, show
from chalicelib.personas.schemas import PersonaRead, PersonaUpdate
from chalicelib.personas.services import (
    IMAGE_UNAVAILABLE,
    MOTTO_UNAVAILABLE,
    get_own,
    lock_own,
    name_key,
    plain_name,
    prompt_of,
)
from chalicelib.personas.showing import show_change

log = logging.getLogger(__name__)

REFUSED = "This text does not pass the content policy. Change it and try again."
WARNING_OF = {"motto": MOTTO_UNAVAILABLE, "current_image_id": IMAGE_UNAVAILABLE}
"""What is not missing any more once the field is set."""


def update_persona(
    ports: Ports,
    *,
    owner_id: UUID,
    persona_id: UUID,
    if_match: IfMatch,
    data: PersonaUpdate,
) -> Seen[PersonaRead]:
    """Change what is named, if the owner has seen the version that is there.

    Texts are for others to read, so the vendor judges them first: outside the transaction, and
    only when the change would be allowed as things are.
    """
    written = (data.name, data.motto, data.greeting, *(data.tags or ()))
    if texts := [text for text in written if text is not None]:
        with reading() as session:
            _require(get_own(session, owner_id=owner_id, persona_id=persona_id), if_match, data)
        _moderate(ports.text, "\n".join(texts))
    with transaction() as session:
        persona = lock_own(session, owner_id=owner_id, persona_id=persona_id)
        _require(persona, if_match, data)
        show_change(session, ports.cache, persona, to=data.visibility or persona.visibility)
        _change(session, persona, data)
        row = read_own(session, owner_id=owner_id, persona_id=persona_id)
    return show(row, ports.objects)


def _require(persona: Persona, if_match: IfMatch, data: PersonaUpdate) -> None:
    if_match.require(persona.id, persona.version)
    if (data.motto or data.greeting) and persona.published_at is None:
        raise PersonaNotReady


def _moderate(text: TextEngine, written: str) -> None:
    try:
        text.moderate(written)
    except ContentRefused as error:
        raise ContentRefused(REFUSED) from error
    except VendorRejected as error:
        log.warning("not moderated", extra={"code": error.code, "reason": error.reason})
        raise VendorUnavailable from error


def _change(session: Session, persona: Persona, data: PersonaUpdate) -> None:
    if data.current_image_id is not None:
        _require_image(session, persona, data.current_image_id)
    changes = data.model_dump(exclude_none=True)
    for field, value in changes.items():
        setattr(persona, field, value)
    if data.name is not None:
        persona.name, persona.name_key = plain_name(data.name), name_key(data.name)
        persona.system_prompt = prompt_of(persona)
    mended = {WARNING_OF.get(field) for field in changes}
    persona.warnings = [code for code in persona.warnings if code not in mended]
    persona.version += 1
    try:
        session.flush()
    except IntegrityError as error:
        raise PersonaNameTaken from error


def _require_image(session: Session, persona: Persona, image_id: UUID) -> None:
    image = session.get(PersonaImage, image_id)
    if image is None or image.persona_id != persona.id:
        raise UnknownImage
