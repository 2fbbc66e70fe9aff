"""Personas as their owner, a stranger and a visitor see them."""

import io
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import requests
import sqlalchemy as sa
from PIL import Image
from sqlalchemy.orm import Session

from chalicelib.analyses.instruments import Trait
from chalicelib.core.models import Job, Persona
from local.stack import Stack
from local.vendors.control import Control
from tests.client import Api
from tests.conftest import Worker, replica_paused
from tests.replica import catch_up

SHAPE = {"generation_status", "generation", "persona"}


def ready(api: Api, worker: Worker, **fields: object) -> str:
    persona_id = str(api.generate(**fields).json["persona_id"])  # type: ignore[arg-type]
    worker.work()
    return persona_id


def set_job(session: Session, api: Api, **values: object) -> None:
    """Each transition takes a new fence, or the database refuses it."""
    wanted = sa.update(Job).where(Job.owner_id == api.user["id"])
    session.execute(wanted.values(fence=Job.fence + 1, **values))


def test_without_a_persona_there_is_none(api: Api) -> None:
    answer = api.get("/personas/me")
    assert answer.status == 200
    assert answer.json == {"generation_status": "none", "generation": None, "persona": None}
    assert "Retry-After" not in answer.headers


def test_a_poll_has_one_shape_in_every_state(api: Api, worker: Worker, session: Session) -> None:
    seen = {}
    for name, act in (
        ("none", lambda: None),
        ("pending", api.generate),
        ("generating", lambda: set_job(session, api, status="running", lease_until=sa.func.now())),
        ("pending", lambda: set_job(session, api, status="queued", lease_until=None)),
        ("ready", worker.work),
    ):
        act()
        mine = api.get("/personas/me").json
        assert set(mine) == SHAPE
        seen[name] = mine["generation_status"]
    assert seen == {name: name for name in seen}


def test_a_failed_generation_has_the_same_shape(api: Api, worker: Worker, ai: Control) -> None:
    name = f"Ada {uuid4().hex[:8]}"
    ai.fail("moderation", "flagged", contains=name)
    api.generate(name)
    worker.work()
    answer = api.get("/personas/me")
    assert set(answer.json) == SHAPE
    assert (answer.json["generation_status"], answer.json["persona"]) == ("failed", None)
    assert answer.json["generation"]["error"]["retryable"] is False
    assert "Retry-After" not in answer.headers


def test_a_running_generation_says_how_far_it_is(api: Api, session: Session) -> None:
    api.generate()
    set_job(session, api, status="running", lease_until=sa.func.now(), step="motto", progress=40)
    answer = api.get("/personas/me")
    generation = answer.json["generation"]
    assert (generation["step"], generation["progress"], generation["error"]) == ("motto", 40, None)
    assert answer.headers["Retry-After"] == "2"
    assert answer.json["persona"] is None


def test_a_ready_persona_is_not_polled_any_more(api: Api, worker: Worker) -> None:
    ready(api, worker)
    assert "Retry-After" not in api.get("/personas/me").headers


def test_a_ready_persona_stays_while_a_new_generation_runs(
    api: Api, worker: Worker, session: Session
) -> None:
    ready(api, worker)
    before = api.get("/personas/me").json["persona"]
    api.generate("Ada", force=True, description="Quite another Ada.")
    mine = api.get("/personas/me").json
    assert mine["generation_status"] == "pending"
    assert mine["persona"]["motto"] == before["motto"]
    assert mine["persona"]["description"] == before["description"]
    assert mine["persona"]["image"]["id"] == before["image"]["id"]


def test_an_unchanged_poll_is_answered_with_304(api: Api) -> None:
    api.generate()
    first = api.get("/personas/me")
    again = api.get("/personas/me", if_none_match=first.headers["ETag"])
    assert (again.status, again.text) == (304, "")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Retry-After"] == "2"


def test_a_changed_poll_is_answered_in_full(api: Api, worker: Worker) -> None:
    api.generate()
    first = api.get("/personas/me")
    worker.work()
    again = api.get("/personas/me", if_none_match=first.headers["ETag"])
    assert (again.status, again.json["generation_status"]) == (200, "ready")


def test_the_signed_url_serves_the_portrait(api: Api, worker: Worker) -> None:
    ready(api, worker)
    image = api.get("/personas/me").json["persona"]["image"]
    response = requests.get(image["url"], timeout=5)
    assert response.headers["Content-Type"] == "image/jpeg"
    with Image.open(io.BytesIO(response.content)) as opened:
        opened.load()
        assert opened.size == (image["width"], image["height"])
    left = datetime.fromisoformat(image["expires_at"]) - datetime.now(UTC)
    assert 50 < left.total_seconds() <= 60


def test_a_signed_url_lives_sixty_seconds(api: Api, worker: Worker) -> None:
    persona_id = ready(api, worker)
    url = api.get(f"/personas/{persona_id}/image").headers["Location"]
    assert "X-Amz-Expires=60" in url
    for spoilt in (url.replace("Expires=60", "Expires=600"), url[:-1] + "0", url.split("?")[0]):
        if spoilt != url:
            assert requests.get(spoilt, timeout=5).status_code == 403


def test_an_expired_url_is_refused(api: Api, worker: Worker) -> None:
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    ready(api, worker)
    url = api.get("/personas/me").json["persona"]["image"]["url"]
    bucket, key = url.partition("?")[0].split("/", 4)[3:]
    client = boto3.client("s3", config=Config(signature_version="s3v4"))
    short = client.generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=1
    )
    assert requests.get(short, timeout=5).status_code == 200
    time.sleep(2)
    assert requests.get(short, timeout=5).status_code == 403


def test_the_owner_reads_everything(api: Api, worker: Worker) -> None:
    persona_id = ready(api, worker)
    mine = api.get(f"/personas/{persona_id}").json
    assert mine["system_prompt"]
    assert mine["description"]


@pytest.mark.parametrize("visibility", ["public", "unlisted"])
def test_others_see_the_card_and_no_more(
    api: Api, stranger: Api, visitor: Api, worker: Worker, visibility: str
) -> None:
    persona_id = ready(api, worker, visibility=visibility)
    for other in (stranger, visitor):
        card = _eventually(other, f"/personas/{persona_id}")
        assert set(card) == {
            "id", "name", "ai_generated", "source", "title", "motto", "summary", "traits",
            "archetype", "fidelity", "image", "tags",
        }  # fmt: skip
        assert card["ai_generated"] is True
        assert other.get(f"/personas/{persona_id}/image").status == 302


def test_the_description_is_quoted_to_its_owner_alone(
    api: Api, stranger: Api, worker: Worker
) -> None:
    persona_id = ready(api, worker, description="Kind to dogs.", visibility="public")
    own = api.get(f"/personas/{persona_id}").json["traits"]
    assert own["agreeableness"]["quote"] == "Kind to dogs"
    shown = _eventually(stranger, f"/personas/{persona_id}")["traits"]
    for name in Trait:
        assert shown[name] == own[name] | {"quote": None}


def _eventually(api: Api, path: str) -> dict[str, Any]:
    """A card comes from the replica, which may be a moment behind."""
    for _ in range(100):
        if (answer := api.get(path)).status == 200:
            return dict(answer.json)
        time.sleep(0.02)
    raise AssertionError(answer)


def test_a_public_persona_is_not_shown_before_it_is_there(api: Api, visitor: Api) -> None:
    persona_id = api.generate(visibility="public").json["persona_id"]
    assert visitor.get(f"/personas/{persona_id}").status == 404
    assert visitor.get(f"/personas/{persona_id}/image").status == 404


def test_a_persona_without_an_image_has_none_to_show(api: Api) -> None:
    persona_id = api.generate().json["persona_id"]
    answer = api.get(f"/personas/{persona_id}/image")
    assert (answer.status, answer.code) == (404, "image_not_found")


def test_cards_come_from_the_replica_and_my_own_from_the_primary(
    api: Api, visitor: Api, worker: Worker, session: Session, stack: Stack
) -> None:
    """The same version says something else on the primary here, which no request brings about: so
    it can be told who has answered."""
    persona_id = ready(api, worker, visibility="public")
    catch_up(stack)
    with replica_paused(stack):
        mine = sa.update(Persona).where(Persona.id == persona_id)
        session.execute(mine.values(motto="From the primary."))
        assert api.get(f"/personas/{persona_id}").json["motto"] == "From the primary."
        assert visitor.get(f"/personas/{persona_id}").json["motto"] != "From the primary."


def test_a_replica_that_is_behind_is_passed_over(
    api: Api, visitor: Api, worker: Worker, paused_replica: None
) -> None:
    persona_id = ready(api, worker, visibility="public")
    assert visitor.get(f"/personas/{persona_id}").json["motto"]
    api.patch(f"/personas/{persona_id}", {"visibility": "private"}, if_match="*")
    assert visitor.get(f"/personas/{persona_id}").status == 404


def test_the_list_is_mine_newest_first(api: Api, stranger: Api) -> None:
    for name in ("Ada", "Grace", "Alan"):
        api.generate(name)
    names = [item["name"] for item in api.get("/personas").json["items"]]
    assert names == ["Alan", "Grace", "Ada"]
    assert stranger.get("/personas").json == {"items": [], "next_cursor": None}


def test_the_list_is_read_page_by_page(api: Api) -> None:
    for name in ("Ada", "Grace", "Alan"):
        api.generate(name)
    first = api.get("/personas?limit=2").json
    second = api.get(f"/personas?limit=2&cursor={first['next_cursor']}").json
    assert [item["name"] for item in second["items"]] == ["Ada"]
    assert second["next_cursor"] is None


def test_a_persona_is_found_by_its_folded_name(api: Api) -> None:
    api.generate("Ada Lovelace")
    api.generate("Grace")
    [found] = api.get("/personas?name=ADA%20lovelace").json["items"]
    assert found["name"] == "Ada Lovelace"
