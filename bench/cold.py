"""What a cold start pays before its first request: the import of the handler's module."""

import subprocess
import sys
import sysconfig
from functools import partial
from statistics import median
from typing import NamedTuple

from bench.samples import interleaved, show
from local.home import CHECKOUT

ROUNDS = 21
FLOOR = "bench.bare"
SUBJECTS = {
    "sys": "Python, nothing imported",
    FLOOR: "a Chalice app with one route",
    "app": "the API: app.app",
    "chalicelib.workers.persona_generator": "the worker: persona_generator",
    "bench.counting": "the same, once it counts (powertools)",
    "chalicelib.workers.sweeper": "the worker: sweeper",
}
VENDORS = ("openai", "replicate", "boto3", "requests", "PIL", "httpx", "alembic", "cryptography")

# Without `site`, as its start-up files are this environment's and not Lambda's.
PROGRAM = f"""
import sys
sys.path[:0] = {[str(CHECKOUT), sysconfig.get_path("purelib")]!r}
import {{module}}
import time
cpu = time.process_time()
found = [name for name in {VENDORS!r} if name in sys.modules]
print(cpu, len(sys.modules), ",".join(found) or "none")
"""


class Start(NamedTuple):
    cpu_ms: float
    modules: int
    vendors: str


def start(module: str) -> Start:
    """Import the module in a fresh process, and tell what that has cost since its beginning."""
    command = [sys.executable, "-I", "-S", "-c", PROGRAM.format(module=module)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    cpu, modules, vendors = said
    return Start(float(cpu) * 1000, int(modules), vendors)


def main() -> None:
    subjects = {module: partial(start, module) for module in SUBJECTS}
    for prepare in subjects.values():  # the bytecode is written, and the files are cached
        prepare()
    starts = interleaved(subjects, rounds=ROUNDS)
    floor = median(each.cpu_ms for each in starts[FLOOR])
    show(
        f"Cold start: import in a fresh process, bytecode present; median of {ROUNDS}, interleaved",
        ("", "CPU ms", "best", "x Chalice", "modules", "vendors' SDKs among them"),
        [_row(module, starts[module], floor) for module in SUBJECTS],
    )


def _row(module: str, starts: list[Start], floor: float) -> list[str]:
    cpu = median(each.cpu_ms for each in starts)
    return [
        SUBJECTS[module],
        f"{cpu:.0f}",
        f"{min(each.cpu_ms for each in starts):.0f}",
        f"{cpu / floor:.1f}",
        str(starts[0].modules),
        starts[0].vendors,
    ]
