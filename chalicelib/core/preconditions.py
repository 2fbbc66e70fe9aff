"""Entity tags, and requests that hold only for what the client has seen (RFC 9110, 13.1.1)."""

import re
from dataclasses import dataclass
from uuid import UUID

from chalicelib.core.errors import PreconditionFailed

ANY = "*"
_STRONG = re.compile(r'"([^"]*)"')


def etag(identity: UUID, version: int, *renewed: object) -> str:
    """Tag a version. What follows it tells apart answers that differ in nothing a client could
    overwrite: a link signed anew, a job's progress."""
    return f'"{".".join(map(str, (identity, version, *renewed)))}"'


@dataclass(frozen=True)
class IfMatch:
    """The tags of the versions that a client is content to change."""

    tags: frozenset[str]

    @classmethod
    def parse(cls, header: str) -> "IfMatch":
        return cls(frozenset(tag.strip() for tag in header.split(",")))

    def require(self, identity: UUID, version: int) -> None:
        """Raise `PreconditionFailed` when the client has not seen this version. The comparison is
        the strong one: a weak tag is a tag of nothing."""
        strong = filter(None, map(_STRONG.fullmatch, self.tags))
        seen = [tag[1].split(".")[:2] for tag in strong]
        if ANY not in self.tags and [str(identity), str(version)] not in seen:
            raise PreconditionFailed
