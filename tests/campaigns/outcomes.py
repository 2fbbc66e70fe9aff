"""What came of the runs of a point: told by the database, the store and the vendors' own count."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from PIL import Image
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from chalicelib.core.models import Job, JobStatus, Persona, PersonaImage, Reservation, UsageEvent
from tests.campaigns.errands import PERSONA, Errand

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
    deliveries: tuple[JobStatus, ...]
    """What became of every webhook that tells of the job's end."""

    @property
    def is_final(self) -> bool:
        return self.status is not None and self.status.is_final

    @property
    def is_whole(self) -> bool:
        return self.is_made(PERSONA)

    @property
    def is_nothing(self) -> bool:
        return self.version == 0 and not self.images

    def is_made(self, errand: Errand) -> bool:
        """Every version published once, with one image and one object each, and they agree."""
        made = (self.version, len(self.images)) == (errand.versions, errand.pictures)
        return made and self.image_id is not None and self.images == self.objects

    def is_told(self, errand: Errand, *, ends: int = 1) -> bool:
        """One webhook for each end, and it has arrived; or none, where nobody waits."""
        return self.deliveries == (JobStatus.SUCCEEDED,) * (ends if errand.is_awaited else 0)


def statuses(session: Session, prefix: str) -> Mapping[UUID, JobStatus]:
    """Return the status of the newest job of every persona whose name starts so."""
    rows = session.execute(_newest(prefix, Job.id, Job.status))
    return {row.id: row.status for row in rows if row.id is not None}


def is_anybody_waiting(session: Session, prefix: str) -> bool:
    """Tell whether there is a webhook of these jobs that has neither arrived nor been given up."""
    jobs = list(statuses(session, prefix))
    unfinished = Job.status.in_([JobStatus.QUEUED, JobStatus.RUNNING])
    return session.scalar(sa.select(sa.exists().where(Job.parent_id.in_(jobs), unfinished))) is True


def read_ledger(session: Session, personas: Sequence[UUID]) -> Mapping[UUID, Mapping[str, int]]:
    """Count the paid calls for each persona by what the vendors' emulator calls them."""
    paid = (Job.subject_id, UsageEvent.kind, UsageEvent.provider)
    rows = session.execute(
        sa.select(*paid, sa.func.count())
        .join(Job, UsageEvent.job_id == Job.id)
        .where(Job.subject_id.in_(personas))
        .group_by(*paid)
    )
    ledger: dict[UUID, dict[str, int]] = {}
    for persona_id, kind, provider, count in rows:
        operation = "prediction" if provider == "replicate" else str(kind)
        ledger.setdefault(UUID(str(persona_id)), {})[operation] = count
    return ledger


def count_reservations(session: Session, personas: Sequence[UUID]) -> int:
    held = sa.select(sa.func.count()).select_from(Reservation)
    held = held.join(Job, Reservation.job_id == Job.id).where(Job.subject_id.in_(personas))
    return session.scalar(held) or 0


def read_outcomes(session: Session, store: "Store", prefix: str) -> list[Outcome]:
    rows = session.execute(
        _newest(prefix, Persona, Job).execution_options(populate_existing=True)
    ).all()
    images = _images(session, [persona.id for persona, _ in rows])
    told = _deliveries(session, [job.id for _, job in rows if job])
    outcomes = [
        _outcome(persona, job, images, deliveries=told.get(job.id, ()) if job else (), store=store)
        for persona, job in rows
    ]
    return sorted(outcomes, key=lambda each: each.name)


def _newest(prefix: str, *columns: Any) -> sa.Select[Any]:
    is_about = sa.and_(Job.subject_id == Persona.id, Job.parent_id.is_(None))
    return (
        sa.select(*columns)
        .select_from(Persona)
        .outerjoin(Job, is_about)
        .ext(distinct_on(Persona.id))
        .where(Persona.name.startswith(prefix, autoescape=True))
        .order_by(Persona.id, Job.id.desc())
    )


def _deliveries(session: Session, job_ids: Sequence[UUID]) -> Mapping[UUID, list[JobStatus]]:
    wanted = sa.select(Job.parent_id, Job.status).where(Job.parent_id.in_(job_ids))
    found: dict[UUID, list[JobStatus]] = {}
    for parent_id, status in session.execute(wanted):
        found.setdefault(UUID(str(parent_id)), []).append(status)
    return found


def _outcome(
    persona: Persona,
    job: Job | None,
    images: Mapping[UUID, Any],
    *,
    deliveries: Sequence[JobStatus],
    store: "Store",
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
        deliveries=tuple(deliveries),
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
    _seen: dict[tuple[str, str], str] = field(default_factory=dict)

    def pictures(self, prefix: str) -> list[tuple[str, str]]:
        """Return key and digest of what lies there, in order. A picture that does not decode
        raises."""
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])
        return [(each["Key"], self._digest(each["Key"], each["ETag"])) for each in listed]

    def _digest(self, key: str, tag: str) -> str:
        """Fetch it once: the tag is another one when the content is."""
        if (key, tag) not in self._seen:
            content = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            with Image.open(io.BytesIO(content)) as picture:
                picture.load()
            self._seen[key, tag] = sha256(content).hexdigest()
        return self._seen[key, tag]
