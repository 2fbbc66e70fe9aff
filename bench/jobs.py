"""`python -m bench.jobs VARIANT JOBS`: at every line on stdin run that many jobs at once, and print
what they took. It is the process that `bench worker` measures."""

import json
import logging
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import UUID

from bench.floor import quiet
from bench.rows import DESCRIPTION

Check = Callable[[], None]
Work = Callable[[], Check]
"""A job, which returns a look at how it has ended: that is not the worker's own time."""
MIB = 1024


def main() -> None:
    variant, count = sys.argv[1], int(sys.argv[2])
    prepare = PREPARED[variant]
    order = prepare()
    with ThreadPoolExecutor(count) as pool:
        for _ in sys.stdin:
            jobs = [order() for _ in range(count)]
            wall, cpu = time.perf_counter(), time.process_time()
            ended = [done.result() for done in [pool.submit(job) for job in jobs]]
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            for check in ended:
                check()
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB
            print(json.dumps({"wall": wall, "cpu": cpu, "peak_mib": peak}), flush=True)


class Unsent:
    """A queue that keeps the ids: the bench hands them to the worker itself."""

    def send(self, job_id: UUID, *, kind: str, delay_seconds: int = 0) -> None:
        pass


def _product() -> Callable[[], Work]:
    # These read the settings.
    from chalicelib.core.cache import NoCache  # noqa: PLC0415
    from chalicelib.core.db import reading, transaction  # noqa: PLC0415
    from chalicelib.core.models import Job, User  # noqa: PLC0415
    from chalicelib.personas.schemas import PersonaGenerate  # noqa: PLC0415
    from chalicelib.personas.services import request_generation  # noqa: PLC0415
    from chalicelib.workers.persona_generator import persona_generator  # noqa: PLC0415

    _log_nowhere()

    def order() -> Work:
        wish = PersonaGenerate(name="Ada", description=DESCRIPTION)
        with transaction() as session:
            user = User(email="ada@example.com", display_name="Ada")
            session.add(user)
            session.flush()
            asked = request_generation(session, Unsent(), NoCache(), owner_id=user.id, data=wish)
        if asked.job is None:
            raise RuntimeError("nothing was started")
        return partial(work, asked.job.id)

    def work(job_id: UUID) -> Check:
        record = {"messageId": "m", "receiptHandle": "r"}
        record["body"] = json.dumps({"job_id": str(job_id)})
        persona_generator({"Records": [record]}, None)
        return partial(require_success, job_id)

    def require_success(job_id: UUID) -> None:
        with reading() as session:
            job = session.get_one(Job, job_id)
        if job.status != "succeeded":
            raise RuntimeError(f"{job.status}: {job.error}")

    return order


def _uncounted() -> Callable[[], Work]:
    from chalicelib.jobs import measures  # noqa: PLC0415

    vars(measures).update(counted=lambda *_dimensions, **_values: {})
    return _product()


def _plain(*, redrawn: bool) -> Callable[[], Work]:
    from bench.plain import PlainWorker  # noqa: PLC0415

    worker = PlainWorker(redrawn=redrawn)
    return lambda: worker.generate


def _log_nowhere() -> None:
    nowhere = quiet()
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(nowhere)


PREPARED: dict[str, Callable[[], Callable[[], Work]]] = {
    "product": _product,
    "product-uncounted": _uncounted,
    "plain": partial(_plain, redrawn=False),
    "plain-redrawn": partial(_plain, redrawn=True),
}

if __name__ == "__main__":
    main()
