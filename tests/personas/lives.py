"""A persona through its life, as its owner steers it."""

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import DoomedObject
from chalicelib.personas.deletion import OUTLIVED
from tests.client import Answer, Api
from tests.conftest import Worker


@dataclass(frozen=True)
class Life:
    owner: Api
    id: str

    @property
    def path(self) -> str:
        return f"/personas/{self.id}"

    @property
    def now(self) -> dict[str, Any]:
        answer = self.owner.get(self.path)
        assert answer.status == 200, answer
        return dict(answer.json)

    @property
    def etag(self) -> str:
        return str(self.owner.get(self.path).headers["ETag"])

    @property
    def images(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.owner.get(f"{self.path}/images").json["items"]
        return items

    def edit(self, *, if_match: str | None = None, **change: object) -> Answer:
        """Change what is named, having just read it."""
        return self.owner.patch(self.path, change, if_match=if_match or self.etag)

    def ask(self, part: str, **wish: object) -> Answer:
        return self.owner.post(f"{self.path}/{part}", wish)

    def renew(self, worker: Worker, part: str, **wish: object) -> dict[str, Any]:
        """Ask for a new part, see the job through, and return the job."""
        answer = self.ask(part, **wish)
        assert answer.status == 202, answer
        worker.work()
        return dict(self.owner.get(answer.headers["Location"]).json)


def begin(api: Api, worker: Worker, name: str = "Ada", **fields: Any) -> Life:
    """A persona that has just been made."""
    life = Life(api, api.generate(name, **fields).json["persona_id"])
    worker.work()
    assert life.now["generation_status"] == "ready"
    return life


def eventually(api: Api, path: str, status: int) -> dict[str, Any]:
    """What comes from the replica may be a moment behind."""
    for _ in range(100):
        if (answer := api.get(path)).status == status:
            return dict(answer.json)
        time.sleep(0.02)
    raise AssertionError(answer)


def outlive(session: Session, persona_id: str | UUID) -> None:
    """Let every worker that may have begun before be dead by now."""
    session.execute(
        sa.update(DoomedObject)
        .where(DoomedObject.key.startswith(f"images/{persona_id}/"))
        .values(created_at=DoomedObject.created_at - OUTLIVED)
    )
