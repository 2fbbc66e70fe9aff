"""The portraits that a persona has had."""

from uuid import uuid4

import pytest
import requests
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.models import DoomedObject, PersonaImage
from tests.client import Api
from tests.conftest import Worker
from tests.personas.lives import Life, begin


@pytest.fixture
def life(api: Api, worker: Worker) -> Life:
    """A persona with three portraits."""
    life = begin(api, worker)
    beach = {"image_model": "openjourney", "prompt": "Ada at the beach, with a red hat."}
    for wish in (beach, {"prompt": "Ada as a lighthouse keeper, with a black beard."}):
        assert life.renew(worker, "images", **wish)["status"] == "succeeded"
    return life


def test_the_history_is_newest_first(life: Life) -> None:
    images = life.images
    assert [image["is_current"] for image in images] == [True, False, False]
    assert [image["model"] for image in images] == ["dall-e", "openjourney", "dall-e"]
    assert images[0]["id"] == life.now["image"]["id"]
    assert "lighthouse" in images[0]["prompt"]
    assert "lighthouse" not in images[1]["prompt"]
    assert {image["motto"] for image in images} == {life.now["motto"]}


def test_each_portrait_has_a_link_of_its_own(life: Life) -> None:
    pictures = [requests.get(image["url"], timeout=5) for image in life.images]
    assert {picture.headers["Content-Type"] for picture in pictures} == {"image/jpeg"}
    assert len({picture.content for picture in pictures}) == 3
    assert all("X-Amz-Expires=60" in image["url"] for image in life.images)


def test_the_history_is_read_page_by_page(life: Life) -> None:
    first = life.owner.get(f"{life.path}/images?limit=2").json
    second = life.owner.get(f"{life.path}/images?limit=2&cursor={first['next_cursor']}").json
    ids = [image["id"] for image in (*first["items"], *second["items"])]
    assert ids == [image["id"] for image in life.images]
    assert second["next_cursor"] is None


def test_an_image_keeps_the_motto_of_its_day(life: Life, worker: Worker) -> None:
    old = life.now["motto"]
    life.edit(motto="A new day.")
    life.renew(worker, "images")
    assert [image["motto"] for image in life.images] == ["A new day.", old, old, old]


def test_an_earlier_portrait_can_be_the_current_one_again(life: Life) -> None:
    first = life.images[-1]
    after = life.edit(current_image_id=first["id"]).json
    assert after["image"]["id"] == first["id"]
    assert [image["is_current"] for image in life.images] == [False, False, True]


@pytest.mark.parametrize("whose", ["another persona's", "another user's", "nobody's"])
def test_a_foreign_portrait_cannot_be_chosen_or_deleted(
    life: Life, stranger: Api, worker: Worker, whose: str
) -> None:
    if whose == "nobody's":
        foreign = str(uuid4())
    else:
        owner = stranger if whose == "another user's" else life.owner
        foreign = begin(owner, worker, "Grace").images[0]["id"]
    before = life.now["image"]["id"]
    for answer in (
        life.edit(current_image_id=foreign),
        life.owner.delete(f"{life.path}/images/{foreign}"),
    ):
        assert (answer.status, answer.code) == (404, "unknown_image")
    assert life.now["image"]["id"] == before


def test_a_past_portrait_is_deleted_and_its_object_doomed(life: Life, session: Session) -> None:
    image = life.images[1]
    key = session.scalar(sa.select(PersonaImage.key).where(PersonaImage.id == image["id"]))
    version = life.now["version"]
    assert life.owner.delete(f"{life.path}/images/{image['id']}").status == 204
    assert image["id"] not in [each["id"] for each in life.images]
    assert session.get(DoomedObject, key) is not None
    assert life.owner.delete(f"{life.path}/images/{image['id']}").status == 404
    assert life.now["version"] == version


def test_the_current_portrait_stays(life: Life, session: Session) -> None:
    current = life.now["image"]["id"]
    answer = life.owner.delete(f"{life.path}/images/{current}")
    assert (answer.status, answer.code) == (409, "image_in_use")
    assert life.now["image"]["id"] == current
    doomed = sa.select(DoomedObject.key).where(DoomedObject.key.contains(life.id))
    assert session.scalar(doomed) is None


def test_a_persona_without_a_portrait_has_no_history(api: Api) -> None:
    life = Life(api, api.generate().json["persona_id"])
    answer = api.get(f"{life.path}/images")
    assert (answer.status, answer.json) == (200, {"items": [], "next_cursor": None})
