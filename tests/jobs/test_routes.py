"""Jobs as their owner sees and steers them."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import Job
from local.vendors.control import Control
from tests.client import Api
from tests.conftest import Worker


def generate(api: Api, name: str = "Ada") -> str:
    return str(api.generate(name).json["job"]["id"])


def test_a_job_is_shown_with_its_links(api: Api) -> None:
    job_id = generate(api)
    answer = api.get(f"/jobs/{job_id}")
    job = answer.json
    assert (job["kind"], job["status"], job["step"]) == ("generate_persona", "queued", "queued")
    assert (job["result"], job["error"], job["done"]) == (None, None, False)
    assert job["links"]["self"] == f"/jobs/{job_id}"
    assert answer.headers["Retry-After"] == "2"


def test_a_finished_job_has_a_result_and_no_error(api: Api, worker: Worker) -> None:
    accepted = api.generate().json
    worker.work()
    answer = api.get(f"/jobs/{accepted['job']['id']}")
    assert (answer.json["done"], answer.json["error"]) == (True, None)
    assert answer.json["result"] == {"persona_id": accepted["persona_id"]}
    assert "Retry-After" not in answer.headers


def test_an_unchanged_job_is_answered_with_304(api: Api, worker: Worker) -> None:
    job_id = generate(api)
    etag = api.get(f"/jobs/{job_id}").headers["ETag"]
    assert api.get(f"/jobs/{job_id}", if_none_match=etag).status == 304
    worker.work()
    assert api.get(f"/jobs/{job_id}", if_none_match=etag).status == 200


def test_the_list_is_mine_newest_first_and_paged(api: Api, stranger: Api) -> None:
    ids = [generate(api, name) for name in ("Ada", "Grace", "Alan")]
    first = api.get("/jobs?limit=2").json
    assert [job["id"] for job in first["items"]] == [ids[2], ids[1]]
    second = api.get(f"/jobs?limit=2&cursor={first['next_cursor']}").json
    assert [job["id"] for job in second["items"]] == [ids[0]]
    assert second["next_cursor"] is None
    assert stranger.get("/jobs").json["items"] == []


def test_anothers_cursor_shows_nothing_of_theirs(api: Api, stranger: Api) -> None:
    generate(api)
    theirs = generate(stranger)
    listed = api.get(f"/jobs?cursor={theirs}").json["items"]
    assert all(job["id"] != theirs for job in listed)


def test_the_list_is_filtered(api: Api, worker: Worker) -> None:
    done = generate(api, "Ada")
    worker.work()
    waiting = generate(api, "Grace")
    for status, job_id in (("succeeded", done), ("queued", waiting)):
        assert [job["id"] for job in api.get(f"/jobs?status={status}").json["items"]] == [job_id]
    assert api.get("/jobs?kind=other").json["items"] == []


def test_a_waiting_job_is_cancelled(api: Api) -> None:
    job_id = generate(api)
    answer = api.post(f"/jobs/{job_id}/cancel")
    assert (answer.status, answer.json["status"], answer.json["done"]) == (202, "cancelled", True)
    assert answer.json["error"]["code"] == "cancelled"


def test_what_has_ended_cannot_be_cancelled(api: Api, worker: Worker) -> None:
    job_id = generate(api)
    worker.work()
    answer = api.post(f"/jobs/{job_id}/cancel")
    assert (answer.status, answer.code) == (409, "job_already_finished")
    assert api.get(f"/jobs/{job_id}").json["status"] == "succeeded"


def test_only_a_failed_job_is_retried(api: Api, worker: Worker) -> None:
    job_id = generate(api)
    assert api.post(f"/jobs/{job_id}/retry").code == "job_not_retryable"
    worker.work()
    assert api.post(f"/jobs/{job_id}/retry").code == "job_not_retryable"


def test_a_refusal_is_not_retried(api: Api, worker: Worker, ai: Control) -> None:
    name = f"Ada {uuid4().hex[:8]}"
    ai.fail("moderation", "flagged", contains=name)
    job_id = generate(api, name)
    worker.work()
    answer = api.post(f"/jobs/{job_id}/retry")
    assert (answer.status, answer.code) == (409, "job_not_retryable")


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_an_unknown_job_is_not_found(api: Api, action: str) -> None:
    answer = api.post(f"/jobs/{uuid4()}/{action}")
    assert (answer.status, answer.code) == (404, "job_not_found")


def test_of_fifty_cancels_at_once_one_succeeds(api: Api) -> None:
    job_id = generate(api)
    with ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(lambda _: api.post(f"/jobs/{job_id}/cancel").status, range(50)))
    assert (statuses.count(202), statuses.count(409)) == (1, 49)


def test_the_database_refuses_states_that_cannot_be(api: Api, session: Session) -> None:
    job_id = generate(api)
    impossible = (
        {"status": "running"},
        {"status": "succeeded"},
        {"status": "failed"},
        {"status": "dreaming"},
        {"progress": 101},
        {"lease_until": sa.func.now()},
        {"finished_at": sa.func.now()},
    )
    for values in impossible:
        with pytest.raises(sa.exc.IntegrityError):
            session.execute(sa.text(_update(values)), {"id": job_id})


def _update(values: Mapping[str, object]) -> str:
    sets = ", ".join(
        f"{name} = {'now()' if not isinstance(value, str | int) else repr(value)}"
        for name, value in values.items()
    )
    return f"UPDATE jobs SET {sets} WHERE id = :id"  # noqa: S608


def test_a_job_of_nobody_is_not_made(session: Session) -> None:
    orphan = Job(owner_id=uuid4(), kind="x", input={}, deadline=sa.func.now())
    session.add(orphan)
    with pytest.raises(sa.exc.IntegrityError):
        session.flush()
