"""What came of the runs of a point: told by the database, the store and the vendors' own count."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from PIL import Image
from sqlalchemy.orm import Session

from chalicelib.core.models import Job, JobStatus, Persona, PersonaImage, Reservation, UsageEvent

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Outcome:
    name: str
    persona_id: UUID
    job_id: UUID | None
    status: JobStatus | None
    attempt: int
    fence: int
    version: int
    image_id: UUID | None
    images: tuple[tuple[str, str], ...]
    """The key and the digest of every image row."""
    objects: tuple[tuple[str, str], ...]
    """The key and the digest of every object in the store."""

    @property
    def is_final(self) -> bool:
        return self.status is not None and self.status.is_final

    @property
    def is_whole(self) -> bool:
        """One published version, one image, one object, and they agree."""
        is_single = (self.version, len(self.images)) == (1, 1) and self.image_id is not None
        return is_single and self.images == self.objects

    @property
    def is_nothing(self) -> bool:
        return self.version == 0 and not self.images


def statuses(session: Session, prefix: str) -> Mapping[UUID, JobStatus]:
    """Return the status of every job whose persona's name starts so."""
    rows = session.execute(
        sa.select(Job.id, Job.status)
        .join(Persona, Persona.job_id == Job.id)
        .where(Persona.name.startswith(prefix, autoescape=True))
    )
    return {row.id: row.status for row in rows}


def read_ledger(session: Session, job_ids: Sequence[UUID]) -> Mapping[UUID, Mapping[str, int]]:
    """Count the paid calls of each job by what the vendors' emulator calls them."""
    rows = session.execute(
        sa.select(UsageEvent.job_id, UsageEvent.kind, UsageEvent.provider, sa.func.count())
        .where(UsageEvent.job_id.in_(job_ids))
        .group_by(UsageEvent.job_id, UsageEvent.kind, UsageEvent.provider)
    )
    ledger: dict[UUID, dict[str, int]] = {}
    for job_id, kind, provider, count in rows:
        operation = "prediction" if provider == "replicate" else str(kind)
        ledger.setdefault(UUID(str(job_id)), {})[operation] = count
    return ledger


def count_reservations(session: Session, job_ids: Sequence[UUID]) -> int:
    wanted = sa.select(sa.func.count()).where(Reservation.job_id.in_(job_ids))
    return session.scalar(wanted) or 0


def read_outcomes(session: Session, store: "Store", prefix: str) -> list[Outcome]:
    rows = session.execute(
        sa.select(Persona, Job)
        .outerjoin(Job, Persona.job_id == Job.id)
        .where(Persona.name.startswith(prefix, autoescape=True))
        .order_by(Persona.name)
        .execution_options(populate_existing=True)
    ).all()
    images = _images(session, [persona.id for persona, _ in rows])
    return [_outcome(persona, job, images, store) for persona, job in rows]


def _outcome(
    persona: Persona, job: Job | None, images: Mapping[UUID, Any], store: "Store"
) -> Outcome:
    return Outcome(
        name=persona.name,
        persona_id=persona.id,
        job_id=job.id if job else None,
        status=job.status if job else None,
        attempt=job.attempt if job else 0,
        fence=job.fence if job else 0,
        version=persona.version,
        image_id=persona.current_image_id,
        images=tuple(images.get(persona.id, ())),
        objects=tuple(store.pictures(f"images/{persona.id}/")),
    )


def _images(session: Session, persona_ids: Sequence[UUID]) -> Mapping[UUID, list[tuple[str, str]]]:
    found: dict[UUID, list[tuple[str, str]]] = {}
    rows = session.execute(
        sa.select(PersonaImage.persona_id, PersonaImage.key, PersonaImage.sha256)
        .where(PersonaImage.persona_id.in_(persona_ids))
        .order_by(PersonaImage.key)
    )
    for row in rows:
        found.setdefault(row.persona_id, []).append((row.key, row.sha256))
    return found


@dataclass
class Store:
    """The bucket, to look into."""

    s3: "S3Client"
    bucket: str
    _seen: dict[str, str] = field(default_factory=dict)

    def pictures(self, prefix: str) -> list[tuple[str, str]]:
        """Return key and digest of what lies there, in order. A picture that does not decode
        raises."""
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])
        return [(each["Key"], self._digest(each["Key"])) for each in listed]

    def _digest(self, key: str) -> str:
        content = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        with Image.open(io.BytesIO(content)) as picture:
            picture.load()
        return sha256(content).hexdigest()
