"""What the vendors would put on their bills, so that a test can compare it with a ledger."""

import hashlib
import re
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any


@dataclass(frozen=True)
class Record:
    at: str
    operation: str
    model: str
    prompt_sha256: str
    billed: bool
    fault: str | None


class Counters:
    """Prompts stay inside: what is shown of one is its digest."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._records: list[tuple[str, Record]] = []

    def add(
        self, operation: str, model: str, prompt: str, *, billed: bool, fault: str | None
    ) -> None:
        digest = hashlib.sha256(prompt.encode()).hexdigest()
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        with self._lock:
            record = Record(at, operation, model, digest, billed, fault)
            self._records.append((prompt, record))

    def summary(self, *, operation: str | None, contains: str | None) -> dict[str, Any]:
        """Count what was billed; attempts are all calls that arrived, billed or not."""
        with self._lock:
            records = [
                record
                for prompt, record in self._records
                if operation in (None, record.operation) and (contains or "") in prompt
            ]
        billed = [record for record in records if record.billed]
        return {
            "count": len(billed),
            "attempts": len(records),
            "by_operation": Counter(record.operation for record in billed),
            "by_model": Counter(record.model for record in billed),
            "calls": [asdict(record) for record in records],
        }

    def tally(self, prefix: str) -> dict[str, dict[str, int]]:
        """Count what was billed by the word that goes on after the prefix, and by operation."""
        word = re.compile(re.escape(prefix) + r"(\w+)")
        counted: dict[str, Counter[str]] = {}
        with self._lock:
            for prompt, record in self._records:
                if record.billed and (found := word.search(prompt)):
                    counted.setdefault(found[1], Counter())[record.operation] += 1
        return {name: dict(count) for name, count in counted.items()}

    def clear(self) -> None:
        with self._lock:
            self._records.clear()
