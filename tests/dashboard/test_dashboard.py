"""The dashboard: what is somebody's own, at a glance, and what they have not seen yet."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import Job
from chalicelib.workers.sweeper import sweep
from tests.client import Api
from tests.conftest import Worker
from tests.personas.lives import begin
from tests.social.statements import counted

LISTED = 5
STATEMENTS = 5


def dashboard(api: Api) -> dict[str, Any]:
    answer = api.get("/auth/me/dashboard")
    assert answer.status == 200, answer
    return dict(answer.json)


def test_whoever_is_new_has_nothing(api: Api) -> None:
    seen = dashboard(api)
    assert seen["counts"] == {"personas": 0, "running_jobs": 0, "unseen_results": 0, "talks": 0}
    assert [seen[part] for part in ("personas", "running_jobs", "unseen_results")] == [[], [], []]
    assert seen["recent_talks"] == []
    assert seen["usage"]["limits"] == api.get("/auth/me/usage").json["limits"]
    assert seen["usage"]["resets_at"] == api.get("/auth/me/usage").json["resets_at"]


def test_what_is_under_way_and_what_has_ended_can_be_told(api: Api, worker: Worker) -> None:
    begin(api, worker, visibility="public")
    running = api.generate("Grace").json["job"]
    seen = dashboard(api)
    assert seen["counts"] == {"personas": 2, "running_jobs": 1, "unseen_results": 1, "talks": 0}
    assert seen["running_jobs"] == [api.get(f"/jobs/{running['id']}").json]
    [ended] = seen["unseen_results"]
    assert (ended["status"], ended["done"]) == ("succeeded", True)
    grace, ada = seen["personas"]
    assert (grace["name"], grace["generation_status"], grace["is_primary"]) == (
        "Grace",
        "pending",
        True,
    )
    assert (ada["name"], ada["generation_status"], ada["is_primary"]) == ("Ada", "ready", False)
    assert (ada["visibility"], grace["image"]) == ("public", None)
    assert ada["image"]["url"].startswith("http")
    assert seen["usage"]["limits"]["images"]["used"] > 0


def test_a_result_is_listed_until_it_is_seen(api: Api, worker: Worker) -> None:
    life = begin(api, worker)
    [ended] = dashboard(api)["unseen_results"]
    for _ in range(2):
        assert api.post(f"/jobs/{ended['id']}/seen").status == 204
    assert dashboard(api)["unseen_results"] == []
    assert api.get("/jobs?unseen=true").json["items"] == []
    assert [job["id"] for job in api.get("/jobs?unseen=false").json["items"]] == [ended["id"]]
    life.renew(worker, "motto")
    assert len(api.get("/jobs?unseen=true").json["items"]) == 1
    assert dashboard(api)["counts"]["unseen_results"] == 1


def test_what_has_not_ended_cannot_have_been_seen(api: Api) -> None:
    job = api.generate().json["job"]
    answer = api.post(f"/jobs/{job['id']}/seen")
    assert (answer.status, answer.code) == (409, "job_unfinished")


def test_a_failure_is_a_result_and_what_another_try_comes_to_is_one_again(
    api: Api, worker: Worker, session: Session
) -> None:
    job_id = api.generate().json["job"]["id"]
    session.execute(sa.update(Job).where(Job.id == job_id).values(deadline=sa.func.now()))
    sweep()
    [listed] = dashboard(api)["unseen_results"]
    assert (listed["id"], listed["error"]["code"]) == (job_id, "deadline")
    assert api.post(f"/jobs/{job_id}/seen").status == 204
    assert dashboard(api)["unseen_results"] == []
    assert api.post(f"/jobs/{job_id}/retry").status == 202
    worker.work()
    assert [job["status"] for job in dashboard(api)["unseen_results"]] == ["succeeded"]


def test_what_was_cancelled_needs_no_notice(api: Api) -> None:
    job_id = api.generate().json["job"]["id"]
    assert api.post(f"/jobs/{job_id}/cancel").status == 202
    counts = dashboard(api)["counts"]
    assert (counts["running_jobs"], counts["unseen_results"]) == (0, 0)
    assert api.post(f"/jobs/{job_id}/seen").status == 204


def test_the_newest_are_listed_and_all_are_counted(api: Api) -> None:
    names = [f"Ada {number}" for number in range(LISTED + 2)]
    for name in names:
        api.generate(name)
    seen = dashboard(api)
    assert (seen["counts"]["personas"], seen["counts"]["running_jobs"]) == (len(names),) * 2
    assert [persona["name"] for persona in seen["personas"]] == names[: -LISTED - 1 : -1]
    assert len(seen["running_jobs"]) == LISTED


def test_recent_talks_say_how_what_was_said_last_begins(api: Api, worker: Worker) -> None:
    ada, grace = begin(api, worker, "Ada"), begin(api, worker, "Grace")
    for life, message in ((ada, "Hello?"), (grace, "Good day.")):
        assert api.post(f"{life.path}/chat", {"message": message}).status == 200
    seen = dashboard(api)
    assert seen["counts"]["talks"] == 2
    assert [talk["persona_name"] for talk in seen["recent_talks"]] == ["Grace", "Ada"]
    for talk, life in zip(seen["recent_talks"], (grace, ada), strict=True):
        newest = api.get(f"{life.path}/chat").json
        assert talk["persona_id"] == life.id
        assert talk["conversation_id"] == newest["conversation_id"]
        assert talk["voice"] == newest["messages"][0]["voice"] == "ai"
        assert talk["excerpt"] == newest["messages"][0]["content"][:140]


def test_another_sees_nothing_of_it(api: Api, stranger: Api, worker: Worker) -> None:
    life = begin(api, worker, visibility="public")
    api.post(f"{life.path}/chat", {"message": "Hello?"})
    api.generate("Grace")
    assert set(dashboard(stranger)["counts"].values()) == {0}


def test_it_is_read_from_the_primary_in_a_few_statements(
    api: Api, worker: Worker, paused_replica: None
) -> None:
    life = begin(api, worker)
    api.post(f"{life.path}/chat", {"message": "Hello?"})
    with counted() as sent:
        seen = dashboard(api)
    assert len(sent) == STATEMENTS
    assert seen["counts"] == {"personas": 1, "running_jobs": 0, "unseen_results": 1, "talks": 1}
