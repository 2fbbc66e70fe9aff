"""Public personas under a tag of the test's own, and what is in the lists."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import EngagementEvent, FeedEntry, Persona, Source, Visibility
from chalicelib.core.models.persona import MottoTone
from tests.client import Answer, Api


def new_tag() -> str:
    return f"t{uuid4().hex[:12]}"


def add_listed(session: Session, owner: Api, tag: str, **fields: Any) -> str:
    """Add a persona as a generation leaves it, made public."""
    name = fields.pop("name", f"Somebody {uuid4().hex[:8]}")
    known = {
        "name": name,
        "name_key": uuid4().hex,
        "source": Source.DESCRIPTION,
        "motto_tone": MottoTone.NEUTRAL,
        "visibility": Visibility.PUBLIC,
        "tags": [tag],
        "published_at": sa.func.now(),
    }
    added = sa.insert(Persona).values(owner_id=owner.user["id"], **known | fields)
    persona_id = session.scalars(added.returning(Persona.id)).one()
    return str(persona_id)


def page(api: Api, query: str) -> dict[str, Any]:
    answer = api.get(f"/social/feed?{query}")
    assert answer.status == 200, answer
    return dict(answer.json)


def names(page: dict[str, Any]) -> list[str]:
    return [each["name"] for each in page["items"]]


def ids(page: dict[str, Any]) -> list[str]:
    return [each["id"] for each in page["items"]]


def walk(api: Api, query: str, *, by: str = "next_cursor", start: str = "") -> Iterator[list[str]]:
    """Follow the cursors to the end, page by page."""
    cursor: str | None = start
    while cursor is not None:
        found = page(api, f"{query}&cursor={cursor}" if cursor else query)
        yield ids(found)
        cursor = found[by]


def flat(pages: Iterable[list[str]]) -> list[str]:
    return [each for page in pages for each in page]


def engage(api: Api, persona_id: str, kind: str, **fields: Any) -> Answer:
    target = {"target_type": "persona", "target_id": persona_id}
    return api.post("/social/engagement", {**target, "kind": kind, **fields})


def report(api: Api, persona_id: str, reason: str = "Rude.") -> Answer:
    target = {"target_type": "persona", "target_id": persona_id}
    return api.post("/social/reports", {**target, "reason": reason})


def counted(session: Session, persona_id: str) -> dict[str, int]:
    """Count the events anew."""
    rows = session.execute(
        sa.select(EngagementEvent.kind, sa.func.count())
        .where(EngagementEvent.target_id == persona_id)
        .group_by(EngagementEvent.kind)
    ).all()
    found = {f"{kind}s": count for kind, count in rows}
    kept = ("upvotes", "downvotes", "likes", "views", "shares")
    return {name: found.get(name, 0) for name in kept}


def shown(session: Session, persona_id: str) -> Sequence[dict[str, int]]:
    """What the lists say, of every row that the persona has in them."""
    names = ("upvotes", "downvotes", "likes", "views", "shares")
    columns = [getattr(FeedEntry, name) for name in names]
    rows = session.execute(sa.select(*columns).where(FeedEntry.persona_id == persona_id)).all()
    return [dict(row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name
