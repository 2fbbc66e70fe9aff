"""What each role was seen to ask for, beside what its policy grants: no more and no less."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

# What no code of ours asks for, and why a function has it all the same.
REASONS = {
    "WriteLogs": "Lambda writes what a function prints, in the function's name",
    "Trace": "the X-Ray daemon beside a function sends its segments, in the function's name",
    "Network": "Lambda makes a function's network interfaces in its name; its code is refused them",
    "UseKey": "S3 and Secrets Manager ask for the key in the caller's name; the emulator's do not",
    "Consume": "Lambda polls the queue in the function's name",
    "TellMissingImages": "without it S3 says 403 of what is missing; the emulator says 404 anyway",
}


@dataclass(frozen=True)
class Request:
    role: str
    action: str
    resource: str
    is_allowed: bool = True


@dataclass(frozen=True)
class Grant:
    role: str
    sid: str
    action: str
    resource: str

    def covers(self, request: Request) -> bool:
        return (
            request.role == self.role
            and request.action == self.action
            and fnmatchcase(request.resource, self.resource)
        )


def read_requests(path: Path) -> Sequence[Request]:
    lines = path.read_text().splitlines()
    return [*dict.fromkeys(Request(**json.loads(line)) for line in lines)]


def grants(policies: Mapping[str, Mapping[str, Any]]) -> Iterator[Grant]:
    for role, policy in policies.items():
        for statement in policy["Statement"]:
            if statement["Effect"] == "Allow":
                for action in statement["Action"]:
                    for resource in statement["Resource"]:
                        yield Grant(role, statement["Sid"], action, resource)


def complaints(granted: Sequence[Grant], requests: Sequence[Request]) -> Iterator[str]:
    for request in requests:
        if not request.is_allowed:
            yield f"{request.role} was refused {request.action} of {request.resource}"
        elif not any(grant.covers(request) for grant in granted):
            yield f"{request.role} asked for {request.action} of {request.resource}, ungranted"
    for grant in granted:
        is_used = any(grant.covers(request) for request in requests)
        if not is_used and grant.sid not in REASONS:
            yield f"{grant.role} never asked for {grant.action} of {grant.resource} ({grant.sid})"
    for sid in REASONS.keys() - {grant.sid for grant in granted}:
        yield f"there is a reason for {sid}, which is granted to nobody"


def table(granted: Sequence[Grant], requests: Sequence[Request]) -> Iterator[str]:
    """Say of each role what it used of what it has."""
    for role in sorted({grant.role for grant in granted}):
        own = [grant for grant in granted if grant.role == role]
        used = [grant for grant in own if any(grant.covers(request) for request in requests)]
        actions = ", ".join(sorted({grant.action for grant in used}))
        yield f"  {role}: {len(used)} of {len(own)} grants used ({actions})"
