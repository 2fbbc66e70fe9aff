"""Take a persona out as a file, and bring one in.

A file is made, checked, moderated and stored between transactions, never inside one.
"""

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, undefer

from chalicelib.core.db import reading, transaction
from chalicelib.core.errors import Unauthenticated
from chalicelib.core.models import (
    DoomedObject,
    Persona,
    PersonaImage,
    Source,
    User,
    Visibility,
)
from chalicelib.core.ports import (
    ContentRefused,
    ImageRejected,
    ObjectMissing,
    Objects,
    ObjectTooLarge,
    Ports,
    SignedUpload,
    TextEngine,
    VendorRejected,
    VendorUnavailable,
)
from chalicelib.personas.cards.adoption import Adopted, adopt
from chalicelib.personas.cards.exceptions import (
    CardRefused,
    CardTooLarge,
    ModerationUnavailable,
    NotACard,
    UploadNotFound,
)
from chalicelib.personas.cards.parsing import MAX_FILE_BYTES, Card, parse_file, parse_object
from chalicelib.personas.cards.schemas import CardFormat, CardImport, ExportRead
from chalicelib.personas.cards.writing import Exported
from chalicelib.personas.deletion import doom, forget_doomed
from chalicelib.personas.exceptions import PersonaNameTaken, PersonaNotFound, PersonaNotReady
from chalicelib.personas.services import name_key

if TYPE_CHECKING:
    from chalicelib.personas.portraits import Portrait

SIGNED_SECONDS = 60


@dataclass(frozen=True)
class Upload:
    key: str
    form: SignedUpload


@dataclass(frozen=True)
class Import:
    """A card that may become a persona, and its portrait, which is stored."""

    owner_id: UUID
    adopted: Adopted
    image: PersonaImage | None
    upload_key: str | None


def export_persona(
    objects: Objects, *, owner_id: UUID, persona_id: UUID, wanted: CardFormat
) -> ExportRead:
    from chalicelib.personas.cards import files  # noqa: PLC0415 - it draws: Pillow and resvg

    with reading() as session:
        persona, image = _published(session, owner_id=owner_id, persona_id=persona_id)
    portrait = objects.read(image.key) if image else None
    file = files.write(Exported(persona, image, portrait), wanted)
    key = f"exports/{secrets.token_urlsafe(32)}/{file.filename}"
    objects.put_new(key, file.content, mime=file.mime, filename=file.filename)
    return ExportRead(
        download_url=objects.sign(key).url,
        expires_in=SIGNED_SECONDS,
        mime=file.mime,
        sha256=file.sha256,
        filename=file.filename,
    )


def create_upload(objects: Objects, *, owner_id: UUID) -> Upload:
    """Make room for one file. Its key says whose it is."""
    key = f"{_uploads_of(owner_id)}{secrets.token_urlsafe(32)}"
    return Upload(key, objects.sign_upload(key, max_bytes=MAX_FILE_BYTES))


def prepare_import(ports: Ports, *, owner_id: UUID, data: CardImport) -> Import:
    """Read, check and moderate a card, and store its portrait, which is doomed until the persona
    shows it."""
    card = _card(ports.objects, owner_id=owner_id, data=data)
    adopted = adopt(card, name=data.name)
    portrait = _portrait(card, adopted)
    with reading() as session:
        _require_free(session, owner_id=owner_id, adopted=adopted, upload_key=data.upload_key)
    _moderate(ports.text, adopted)
    image = _stored(ports.objects, portrait) if portrait else None
    return Import(owner_id, adopted, image, data.upload_key)


def import_card(session: Session, prepared: Import) -> UUID:
    """Make a persona of a card, and return its id. An upload is used up by that, and by nothing
    that fails before."""
    persona_id = _add(session, prepared)
    _use_up(session, prepared.upload_key)
    return persona_id


def _published(
    session: Session, *, owner_id: UUID, persona_id: UUID
) -> tuple[Persona, PersonaImage | None]:
    wanted = (
        sa.select(Persona, PersonaImage)
        .outerjoin(PersonaImage, PersonaImage.id == Persona.current_image_id)
        .where(Persona.id == persona_id, Persona.owner_id == owner_id, Persona.deleted_at.is_(None))
        .options(undefer(Persona.card))
    )
    if (row := session.execute(wanted).one_or_none()) is None:
        raise PersonaNotFound
    persona, image = row
    if persona.published_at is None:
        raise PersonaNotReady
    return persona, image


def _card(objects: Objects, *, owner_id: UUID, data: CardImport) -> Card:
    if data.upload_key is None:
        return parse_object(data.card)
    if not data.upload_key.startswith(_uploads_of(owner_id)):
        raise UploadNotFound
    try:
        return parse_file(objects.read_small(data.upload_key, max_bytes=MAX_FILE_BYTES))
    except ObjectMissing as error:
        raise UploadNotFound from error
    except ObjectTooLarge as error:
        raise CardTooLarge from error


def _uploads_of(owner_id: UUID) -> str:
    return f"uploads/{owner_id}/"


def _portrait(card: Card, adopted: Adopted) -> "Portrait | None":
    """Return the portrait that we stored once, if this is it; any other picture is drawn anew."""
    from chalicelib.personas.portraits import described, is_the_one, redraw  # noqa: PLC0415

    if adopted.is_ours and adopted.portrait_sha256 is None:
        return None
    for content in (card.original, card.picture):
        if content and is_the_one(content, adopted.portrait_sha256):
            return described(content)
    if card.picture is None:
        return None
    try:
        return redraw(card.picture)
    except ImageRejected as error:
        raise NotACard.because("its picture cannot be drawn") from error


def _require_free(
    session: Session, *, owner_id: UUID, adopted: Adopted, upload_key: str | None
) -> None:
    """Raise before anything is asked of a vendor. The constraints say it again at the end."""
    same_name = sa.select(Persona.id).where(
        Persona.owner_id == owner_id,
        Persona.name_key == name_key(adopted.columns["name"]),
        Persona.deleted_at.is_(None),
    )
    if session.scalar(same_name) is not None:
        raise PersonaNameTaken
    if upload_key is not None and session.get(DoomedObject, upload_key) is not None:
        raise UploadNotFound


def _moderate(text: TextEngine, adopted: Adopted) -> None:
    try:
        text.moderate(adopted.moderated)
    except ContentRefused as error:
        raise CardRefused from error
    except (VendorUnavailable, VendorRejected) as error:
        raise ModerationUnavailable from error


def _stored(objects: Objects, portrait: "Portrait") -> PersonaImage:
    key = f"images/imported/{uuid4()}.jpg"
    with transaction() as session:
        doom(session, keys=[key])
    objects.put_new(key, portrait.content, mime=portrait.mime)
    return PersonaImage(
        key=key,
        mime=portrait.mime,
        width=portrait.width,
        height=portrait.height,
        sha256=portrait.sha256,
    )


def _add(session: Session, prepared: Import) -> UUID:
    owner = session.get(User, prepared.owner_id, with_for_update=True)
    if owner is None:
        raise Unauthenticated
    adopted, image = prepared.adopted, prepared.image
    columns: dict[str, Any] = dict(adopted.columns)
    persona = Persona(
        owner_id=owner.id,
        name_key=name_key(columns["name"]),
        source=Source.IMPORT,
        visibility=Visibility.PRIVATE,
        card=dict(adopted.kept),
        version=1,
        published_at=sa.func.now(),
        **columns,
    )
    try:
        with session.begin_nested():
            session.add(persona)
    except IntegrityError as error:
        raise PersonaNameTaken from error
    if image is not None:
        image.persona_id, image.motto = persona.id, persona.motto
        session.add(image)
        session.flush()
        persona.current_image_id = image.id
        forget_doomed(session, keys=[image.key])
    if owner.primary_persona_id is None:
        owner.primary_persona_id = persona.id
    return persona.id


def _use_up(session: Session, upload_key: str | None) -> None:
    """Let go of the file that was imported, and of two imports at once let one through."""
    if upload_key is None:
        return
    try:
        with session.begin_nested():
            session.add(DoomedObject(key=upload_key))
    except IntegrityError as error:
        raise UploadNotFound from error
