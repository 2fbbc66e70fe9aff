from uuid import UUID

from sqlalchemy.orm import Session

from chalicelib.auth.guards import signed_in
from chalicelib.core.answers import Reply, Staged
from chalicelib.core.http import Caller, Routes
from chalicelib.core.ports import Ports
from chalicelib.personas import reading
from chalicelib.personas.cards import services
from chalicelib.personas.cards.parsing import MAX_FILE_BYTES
from chalicelib.personas.cards.schemas import CardImport, ExportCreate, ExportRead, UploadRead
from chalicelib.personas.schemas import PersonaRead

MAX_BODY_BYTES = 1024 * 1024

routes = Routes(__name__, guard=signed_in, max_body_bytes=MAX_BODY_BYTES)


@routes.post("/personas/{persona_id}/export")
def export_persona(
    caller: Caller, ports: Ports, persona_id: UUID, body: ExportCreate
) -> ExportRead:
    """Make a file of a published persona, and say where it can be downloaded for a minute."""
    return services.export_persona(
        ports.objects, owner_id=caller.user_id, persona_id=persona_id, wanted=body.format
    )


@routes.post("/personas/uploads")
def create_upload(caller: Caller, ports: Ports) -> UploadRead:
    """Say where a card can be sent that is a file."""
    upload = services.create_upload(ports.objects, owner_id=caller.user_id)
    return UploadRead(
        upload_url=upload.form.url,
        fields=dict(upload.form.fields),
        upload_key=upload.key,
        expires_in=upload.form.expires_in,
        max_bytes=MAX_FILE_BYTES,
    )


@routes.post("/personas/import")
def import_card(caller: Caller, ports: Ports, body: CardImport) -> Staged[PersonaRead]:
    """Make a private persona of a character card, your own or somebody else's."""
    prepared = services.prepare_import(ports, owner_id=caller.user_id, data=body)

    def carry_out(session: Session) -> Reply[PersonaRead]:
        persona_id = services.import_card(session, prepared)
        row = reading.read_own(session, owner_id=caller.user_id, persona_id=persona_id)
        seen = reading.show(row, ports.objects)
        return Reply(seen.body, etag=seen.etag, location=f"/personas/{persona_id}")

    return Staged(carry_out)
