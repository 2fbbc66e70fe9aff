"""The end of a persona: what is gone, what stays, and what the store is rid of."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import boto3
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib import wiring
from chalicelib.core.config import settings
from chalicelib.core.db import transaction
from chalicelib.core.models import DoomedObject, Job, Persona, PersonaImage
from chalicelib.jobs import leases
from chalicelib.jobs.exceptions import LeaseLost
from chalicelib.personas.deletion import doom
from chalicelib.personas.services import Outcome, publish
from chalicelib.workers.sweeper import sweep
from local.vendors.control import Control
from tests.client import Api
from tests.conftest import Log, Worker
from tests.personas.lives import Life, begin, eventually, outlive
from tests.workers.doomed import wait_until

TOMBSTONE = {"id", "owner_id", "name", "name_key", "source", "motto_tone", "created_at"}
"""What stays as it was."""


@pytest.fixture
def life(api: Api, worker: Worker) -> Life:
    return begin(api, worker, visibility="public")


def delete(life: Life) -> None:
    assert life.owner.delete(life.path).status == 204


def stored(life: Life) -> set[str]:
    """The keys of the persona's objects in the store."""
    found = boto3.client("s3").list_objects_v2(
        Bucket=settings().media_bucket, Prefix=f"images/{life.id}/"
    )
    return {each["Key"] for each in found.get("Contents", [])}


def row(session: Session, life: Life) -> dict[str, Any]:
    columns = Persona.__table__.columns
    found = session.execute(sa.select(*columns).where(columns.id == UUID(life.id))).one()
    return dict(found._mapping)  # noqa: SLF001 - the documented way


def test_a_deleted_persona_is_nowhere(life: Life, api: Api, visitor: Api) -> None:
    image = life.images[0]["id"]
    delete(life)
    assert api.get("/personas").json["items"] == []
    assert api.get("/personas?name=Ada").json["items"] == []
    assert api.get("/personas/me").json["generation_status"] == "none"
    for path in ("", "/image", "/images"):
        assert api.get(life.path + path).code == "persona_not_found"
    for answer in (
        api.patch(life.path, {"motto": "x"}, if_match="*"),
        api.delete(life.path),
        api.delete(f"{life.path}/images/{image}"),
        life.ask("images"),
        life.ask("motto"),
    ):
        assert (answer.status, answer.code) == (404, "persona_not_found")
    eventually(visitor, life.path, 404)
    assert visitor.get(f"{life.path}/image").status == 404


def test_only_the_tombstone_stays(life: Life, session: Session) -> None:
    before = row(session, life)
    delete(life)
    after = row(session, life)
    assert {name: after[name] for name in TOMBSTONE} == {name: before[name] for name in TOMBSTONE}
    assert after["deleted_at"] is not None
    assert (after["visibility"], after["version"]) == ("private", before["version"] + 1)
    others = set(after) - TOMBSTONE - {"deleted_at", "visibility", "version"}
    assert {name: after[name] for name in others if after[name]} == {}


def test_nothing_of_it_stays_in_its_jobs(life: Life, api: Api, session: Session) -> None:
    delete(life)
    kept = session.execute(
        sa.select(Job.input, Job.checkpoint).where(Job.subject_id == UUID(life.id))
    ).all()
    assert [tuple(each) for each in kept] == [({}, {})]
    [job] = api.get("/jobs").json["items"]
    assert job["status"] == "succeeded"


def test_the_name_is_free_again(life: Life, api: Api, worker: Worker) -> None:
    delete(life)
    again = begin(api, worker)
    assert again.id != life.id
    assert (again.now["name"], again.now["version"]) == ("Ada", 1)
    delete(again)
    assert begin(api, worker).id not in {life.id, again.id}


def test_the_newest_that_remains_becomes_the_primary_one(api: Api, worker: Worker) -> None:
    ada, grace, alan = (begin(api, worker, name) for name in ("Ada", "Grace", "Alan"))

    def primary() -> object:
        return api.get("/auth/me").json["primary_persona_id"]

    assert primary() == alan.id
    delete(alan)
    assert primary() == grace.id
    api.patch("/auth/me", {"primary_persona_id": ada.id})
    delete(grace)
    assert primary() == ada.id
    assert api.get("/personas/me").json["persona"]["name"] == "Ada"
    delete(ada)
    assert primary() is None


def test_a_deleted_persona_is_never_the_primary_one(api: Api, worker: Worker) -> None:
    lives = [begin(api, worker, f"Ada {number}") for number in range(8)]
    assert api.patch("/auth/me", {"primary_persona_id": lives[0].id}).status == 200
    for life in lives[1:]:
        with ThreadPoolExecutor(2) as pool:
            chosen = pool.submit(api.patch, "/auth/me", {"primary_persona_id": life.id})
            gone = pool.submit(api.delete, life.path)
        assert (gone.result().status, chosen.result().status in {200, 404}) == (204, True)
        left = {item["id"]: item["is_primary"] for item in api.get("/personas").json["items"]}
        assert life.id not in left
        assert list(left.values()).count(True) == 1
    answer = api.patch("/auth/me", {"primary_persona_id": lives[1].id})
    assert (answer.status, answer.code) == (404, "unknown_persona")


def test_a_version_that_is_named_must_be_the_present_one(life: Life) -> None:
    seen = life.etag
    life.edit(motto="Not yet.")
    answer = life.owner.delete(life.path, if_match=seen)
    assert (answer.status, answer.code) == (412, "precondition_failed")
    assert life.now["motto"] == "Not yet."
    assert life.owner.delete(life.path, if_match=life.etag).status == 204


def test_of_ten_deletions_at_once_one_succeeds(life: Life) -> None:
    with ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(lambda _: life.owner.delete(life.path).status, range(10)))
    assert (statuses.count(204), statuses.count(404)) == (1, 9)


def test_the_end_is_seen_before_the_replica_shows_it(
    life: Life, visitor: Api, paused_replica: None
) -> None:
    life.edit(visibility="public")
    assert visitor.get(life.path).status == 200
    delete(life)
    assert life.owner.get(life.path).status == 404
    assert visitor.get(life.path).status == 404
    assert visitor.get(f"{life.path}/image").status == 404


def test_the_objects_are_deleted_once_no_worker_can_be_storing_them(
    life: Life, session: Session
) -> None:
    assert len(stored(life)) == 1
    delete(life)
    sweep()
    assert len(stored(life)) == 1
    outlive(session, life.id)
    sweep()
    assert stored(life) == set()
    assert doomed(session, life) == set()


def doomed(session: Session, life: Life) -> set[str]:
    wanted = sa.select(DoomedObject.key).where(DoomedObject.key.contains(life.id))
    return set(session.scalars(wanted))


def test_what_is_still_referred_to_is_never_deleted(life: Life, session: Session) -> None:
    """As if a key had been noted although an image lies under it."""
    with transaction() as opened:
        doom(opened, keys=stored(life))
    outlive(session, life.id)
    sweep()
    assert len(stored(life)) == 1


def test_a_sweep_that_dies_before_it_could_forget_is_made_up_for(
    life: Life, session: Session
) -> None:
    delete(life)
    outlive(session, life.id)
    wiring.ports().objects.delete(sorted(stored(life)))
    assert doomed(session, life)
    sweep()
    assert (stored(life), doomed(session, life)) == (set(), set())


def test_a_store_that_is_down_is_left_to_the_next_sweep(
    life: Life, session: Session, broken_store: None, log: Log
) -> None:
    delete(life)
    outlive(session, life.id)
    sweep()
    assert len(doomed(session, life)) == 2
    assert [line["code"] for line in log.lines if line["message"].startswith("left to the next")]


def test_a_job_that_waits_is_cancelled_and_pays_for_nothing(
    api: Api, worker: Worker, ai: Control
) -> None:
    name = "Ada who was never made"
    asked = api.generate(name).json
    delete(Life(api, asked["persona_id"]))
    job = api.get(f"/jobs/{asked['job']['id']}").json
    assert (job["status"], job["error"]["code"]) == ("cancelled", "cancelled")
    worker.work()
    assert ai.calls(contains=name).attempts == 0


def test_what_a_worker_stores_after_the_end_is_swept_away(
    api: Api, worker: Worker, session: Session, ai: Control
) -> None:
    """The persona is deleted while the vendor draws: the worker stores the picture, finds that
    the job is over, publishes nothing, and leaves nothing behind."""
    name = "Ada who came too late"
    life = Life(api, api.generate(name, image_model="openjourney").json["persona_id"])
    ai.latency(prediction=500)
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(worker.work)
        wait_until(lambda: ai.calls("poll", contains=name).attempts > 0)
        delete(life)
        working.result()
    [key] = stored(life)
    assert key in doomed(session, life)
    images = sa.select(PersonaImage.id).where(PersonaImage.persona_id == UUID(life.id))
    assert session.scalar(images) is None
    assert row(session, life)["published_at"] is None
    outlive(session, life.id)
    sweep()
    assert stored(life) == set()


def test_a_deletion_and_a_publication_at_once_leave_nothing(api: Api, session: Session) -> None:
    for number in range(10):
        asked = api.generate(f"Racer {number}").json
        life = Life(api, asked["persona_id"])
        with transaction() as opened:
            claimed = leases.claim(opened, job_id=UUID(asked["job"]["id"]))
        assert claimed is not None

        def make(claimed: leases.Claim = claimed) -> None:
            outcome = Outcome({"summary": "Made."}, "Made.", None, [])
            try:
                with transaction() as opened:
                    publish(opened, claimed, outcome=outcome)
            except LeaseLost:
                return

        with ThreadPoolExecutor(2) as pool:
            made, gone = pool.submit(make), pool.submit(api.delete, life.path)
        made.result()
        assert gone.result().status == 204
        assert (row(session, life)["summary"], row(session, life)["motto"]) == (None, None)


def test_a_failed_job_of_a_deleted_persona_is_not_tried_again(
    api: Api, worker: Worker, session: Session
) -> None:
    asked = api.generate().json
    path = f"/jobs/{asked['job']['id']}"
    session.execute(
        sa.update(Job).where(Job.id == asked["job"]["id"]).values(deadline=sa.func.now())
    )
    sweep()
    assert api.get(path).json["error"]["retryable"] is True
    delete(Life(api, asked["persona_id"]))
    answer = api.post(f"{path}/retry")
    assert (answer.status, answer.code) == (409, "job_not_retryable")
