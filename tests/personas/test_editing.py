"""What an owner changes by hand, and who wins when two do so at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.db import transaction
from chalicelib.core.models import Job, Persona
from chalicelib.jobs import leases
from chalicelib.personas.services import Outcome, publish
from local.vendors.control import Control
from tests.client import Answer, Api
from tests.conftest import Worker
from tests.personas.lives import Life, begin, eventually
from tests.workers.doomed import wait_until

COLUMNS = sorted(Persona.__table__.columns.keys())
EDITABLE = {"name", "visibility", "motto", "greeting", "tags", "current_image_id"}


@pytest.fixture
def life(api: Api, worker: Worker) -> Life:
    return begin(api, worker)


def test_what_is_named_is_changed_and_nothing_else(life: Life) -> None:
    before = life.now
    change = {"visibility": "public", "motto": "Ask twice.", "greeting": "Hello,\nyou."}
    answer = life.edit(**change)
    assert answer.status == 200
    assert answer.headers["ETag"] == life.etag
    after = answer.json | {"image": before["image"]}
    assert after == before | change | {"version": before["version"] + 1}
    assert life.now["motto"] == "Ask twice."


@pytest.mark.parametrize("change", [{"motto": "One."}, {"visibility": "private"}, {"name": "Ada"}])
def test_each_change_raises_the_version_by_one(life: Life, change: dict[str, str]) -> None:
    assert [life.edit(**change).json["version"] for _ in range(3)] == [2, 3, 4]


def test_a_renamed_persona_speaks_under_its_new_name(life: Life) -> None:
    before = life.now
    after = life.edit(name="  Ada   King ").json
    prompt = before["system_prompt"].replace("You are Ada,", "You are Ada King,")
    assert (after["name"], after["system_prompt"]) == ("Ada King", prompt)
    assert (after["summary"], after["greeting"]) == (before["summary"], before["greeting"])


def test_a_new_name_is_found_and_the_old_one_is_free(life: Life, api: Api) -> None:
    life.edit(name="Grace")
    assert api.generate("GRACE").json["persona_id"] == life.id
    assert api.generate("Ada").status == 202


@pytest.mark.parametrize("taken", ["Grace", "  gRACE", "\uff27race"])
def test_a_name_that_is_taken_is_refused(life: Life, api: Api, worker: Worker, taken: str) -> None:
    begin(api, worker, "Grace")
    answer = life.edit(name=taken)
    assert (answer.status, answer.code) == (409, "persona_name_taken")
    assert (life.now["name"], life.now["version"]) == ("Ada", 1)


def test_a_name_can_be_written_otherwise(life: Life) -> None:
    assert life.edit(name="ADA").json["name"] == "ADA"


def test_anothers_name_is_not_taken(life: Life, stranger: Api, worker: Worker) -> None:
    begin(stranger, worker, "Grace")
    assert life.edit(name="Grace").status == 200


def test_of_two_that_take_one_name_at_once_one_has_it(api: Api, worker: Worker) -> None:
    lives = [begin(api, worker, name) for name in ("Ada", "Grace")]
    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(lambda each: each.edit(name="Alan").status, lives))
    assert sorted(statuses) == [200, 409]


@pytest.mark.parametrize("column", sorted(set(COLUMNS) - EDITABLE))
def test_no_other_column_can_be_written(life: Life, column: str) -> None:
    before = life.now
    answer = life.edit(**{column: "mine", "motto": "Never."})
    assert (answer.status, answer.code) == (422, "invalid")
    assert [error["loc"] for error in answer.json["errors"]] == [[column]]
    assert life.now["motto"] == before["motto"]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"motto": None},
        {"motto": "x" * 141},
        {"motto": "two\nlines"},
        {"motto": "\u202eevil"},
        {"greeting": "x" * 281},
        {"greeting": " "},
        {"name": ""},
        {"name": "x" * 81},
        {"visibility": "secret"},
        {"current_image_id": "1"},
        {"motto": ["a"]},
        {"motto": "Visit https://evil.example"},
        {"motto": "Be <b>bold</b>"},
        {"greeting": "Hello, [you](https://evil.example)"},
        {"greeting": "Hi **there**"},
    ],
    ids=str,
)
def test_a_change_that_cannot_be_is_explained(life: Life, change: dict[str, object]) -> None:
    answer = life.owner.patch(life.path, change, if_match="*")
    assert (answer.status, answer.code) == (422, "invalid")
    assert life.now["version"] == 1


@pytest.mark.parametrize(
    "greeting",
    ["I <3 you & 1 < 2", "*waves* Hello\n\nyou", "5 * 4 # 3", "\U0001f468\u200d\U0001f469"],
)
def test_what_only_looks_like_markup_is_kept(life: Life, greeting: str) -> None:
    assert life.edit(greeting=greeting).json["greeting"] == greeting


def test_whoever_does_not_say_what_they_saw_changes_nothing(life: Life) -> None:
    answer = life.owner.patch(life.path, {"motto": "Blind."})
    assert (answer.status, answer.code) == (428, "precondition_required")
    assert life.now["version"] == 1


def test_whoever_saw_an_older_version_changes_nothing(life: Life) -> None:
    seen = life.etag
    life.edit(motto="First.")
    answer = life.edit(if_match=seen, motto="Second.")
    assert (answer.status, answer.code) == (412, "precondition_failed")
    assert (life.now["motto"], life.now["version"]) == ("First.", 2)


def test_any_version_and_one_of_several_will_do(life: Life) -> None:
    old = life.etag
    assert life.edit(if_match="*", motto="First.").status == 200
    assert life.edit(if_match=f'"other", {life.etag}', motto="Second.").status == 200
    assert life.edit(if_match=f'{old}, "other"', motto="Third.").status == 412


@pytest.mark.parametrize(
    "spoil",
    [
        "W/{}".format,
        "w/{}".format,
        lambda tag: tag.strip('"'),
        lambda tag: tag.replace(".1.", ".10."),
        lambda tag: tag.replace(".1.", ".01."),
        lambda tag: tag[0] + tag[1:].upper(),
        lambda tag: tag[:1] + tag[-1:],
        lambda tag: tag[:0] + " ",
        lambda tag: tag[:1] + "*" + tag[-1:],
        lambda tag: tag[:1] + tag,
    ],
    ids=["weak", "oddly weak", "bare", "later", "zero", "upper", "empty", "blank", "star", "odd"],
)
def test_another_tag_matches_nothing(life: Life, spoil: Callable[[str], str]) -> None:
    assert life.edit(if_match=spoil(life.etag), motto="Never.").status == 412
    assert life.now["version"] == 1


def test_my_persona_and_its_own_route_name_one_version(life: Life, api: Api) -> None:
    mine = api.get("/personas/me").headers["ETag"]
    assert not mine.startswith("W/")
    assert life.edit(if_match=mine, motto="First.").status == 200


def test_a_link_signed_anew_and_a_job_make_no_new_version(
    life: Life, api: Api, session: Session
) -> None:
    seen = life.etag
    moved = sa.update(Job).where(Job.owner_id == api.user["id"])
    session.execute(moved.values(updated_at=sa.func.now()))
    assert life.etag != seen
    assert life.edit(if_match=seen, motto="Still the same version.").status == 200


def test_an_unchanged_persona_is_answered_with_304(life: Life, api: Api) -> None:
    answer = api.get(life.path, if_none_match=life.etag)
    assert (answer.status, answer.text) == (304, "")
    seen = life.etag
    life.edit(motto="First.")
    assert api.get(life.path, if_none_match=seen).status == 200


def test_a_change_is_never_answered_with_304(life: Life) -> None:
    answer = life.owner.patch(life.path, {"motto": "x"}, if_match="*", if_none_match="*")
    assert (answer.status, answer.json["motto"]) == (200, "x")


def test_a_visibility_that_a_new_wish_changes_is_a_new_version(life: Life, api: Api) -> None:
    seen = life.etag
    api.generate("Ada", force=True, visibility="unlisted")
    assert life.edit(if_match=seen, visibility="public").status == 412
    assert life.now["visibility"] == "unlisted"


def test_of_fifty_writers_who_saw_one_version_one_wins(life: Life) -> None:
    for number in range(4):
        seen, version = life.etag, life.now["version"]

        def write(writer: int, seen: str = seen, number: int = number) -> Answer:
            return life.edit(if_match=seen, motto=f"{number}.{writer}")

        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(write, range(50)))
        won = [answer for answer in answers if answer.status == 200]
        assert [answer.status for answer in answers].count(412) == 49
        assert [answer.json["motto"] for answer in won] == [life.now["motto"]]
        assert life.now["version"] == version + 1


def test_what_is_written_by_hand_is_moderated(life: Life, ai: Control) -> None:
    for field in ("name", "motto", "greeting"):
        answer = life.edit(**{field: f"I will kill you {uuid4().hex[:8]}"})
        assert (answer.status, answer.code) == (400, "content_policy")
        assert answer.json["detail"].startswith("This text does not pass")
    assert life.now["version"] == 1


@pytest.mark.parametrize("kind", ["503", "429", "401", "invalid_json"])
def test_without_the_moderator_nothing_changes(life: Life, ai: Control, kind: str) -> None:
    motto = f"Unheard {uuid4().hex[:8]}"
    ai.fail("moderation", kind, contains=motto)
    answer = life.edit(motto=motto)
    assert (answer.status, answer.code) == (503, "vendor_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert life.now["version"] == 1
    assert life.edit(motto=motto).json["motto"] == motto


def test_the_vendor_hears_only_of_changes_that_can_be(
    life: Life, stranger: Api, ai: Control
) -> None:
    motto = f"Unheard {uuid4().hex[:8]}"
    life.edit(if_match='"other"', motto=motto)
    stranger.patch(life.path, {"motto": motto}, if_match="*")
    assert ai.calls("moderation", contains=motto).attempts == 0
    life.edit(visibility="public")
    assert life.edit(motto=motto).status == 200
    assert ai.calls("moderation", contains=motto).attempts == 1


def test_what_changed_while_the_vendor_judged_is_not_overwritten(life: Life, ai: Control) -> None:
    seen = life.etag
    motto = f"Slow {uuid4().hex[:8]}"
    ai.latency(moderation=400)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(life.edit, if_match=seen, motto=motto)
        wait_until(lambda: ai.calls("moderation", contains=motto).attempts > 0)
        assert life.edit(if_match=seen, visibility="public").status == 200
    assert slow.result().status == 412
    assert (life.now["visibility"], life.now["version"]) == ("public", 2)


def test_a_motto_by_hand_is_missed_no_more(api: Api, worker: Worker, ai: Control) -> None:
    name = f"Ada {uuid4().hex[:8]}"
    ai.fail("image", "model_not_found", contains=name)
    ai.fail("prediction", "failed", contains=name)
    life = begin(api, worker, name)
    assert life.edit(motto="By hand.").json["warnings"] == ["image_unavailable"]


def test_before_it_is_made_only_its_name_and_visibility_can_be_changed(
    api: Api, session: Session
) -> None:
    life = Life(api, api.generate("Ada").json["persona_id"])
    for text in ({"motto": "Early."}, {"greeting": "Early."}):
        answer = life.edit(**text)
        assert (answer.status, answer.code) == (409, "persona_not_ready")
    after = life.edit(name="Grace", visibility="public").json
    assert (after["name"], after["visibility"]) == ("Grace", "public")
    assert after["system_prompt"] is None


def test_a_name_and_a_visibility_outlast_the_generation_that_runs(api: Api, worker: Worker) -> None:
    life = Life(api, api.generate("Ada").json["persona_id"])
    life.edit(name="Grace", visibility="unlisted")
    worker.work()
    after = life.now
    assert (after["name"], after["visibility"], after["version"]) == ("Grace", "unlisted", 2)
    assert after["system_prompt"].startswith("You are Grace, an AI persona.")


def test_a_generation_makes_anew_what_was_written_while_it_ran(life: Life, worker: Worker) -> None:
    life.owner.generate("Ada", force=True)
    seen = life.edit(motto="By hand.", greeting="By hand.").headers["ETag"]
    worker.work()
    after = life.now
    assert "By hand." not in (after["motto"], after["greeting"])
    assert life.edit(if_match=seen, motto="Too late.").status == 412


def test_a_publication_and_a_change_at_once_are_both_kept(life: Life, api: Api) -> None:
    for number in range(10):
        job_id = UUID(api.generate("Ada", force=True).json["job"]["id"])
        with transaction() as opened:
            claimed = leases.claim(opened, job_id=job_id)
        assert claimed is not None
        version = life.now["version"]
        outcome = Outcome({"summary": f"Made {number}."}, f"Motto {number}.", None, [])

        def make(claimed: leases.Claim = claimed, outcome: Outcome = outcome) -> None:
            with transaction() as opened:
                publish(opened, claimed, outcome=outcome)

        with ThreadPoolExecutor(2) as pool:
            made = pool.submit(make)
            edited = pool.submit(
                life.edit, if_match="*", visibility=("public", "private")[number % 2]
            )
        made.result()
        after = life.now
        assert edited.result().status == 200
        assert (after["summary"], after["version"]) == (f"Made {number}.", version + 2)
        assert after["visibility"] == ("public", "private")[number % 2]


def test_what_others_see_follows_the_visibility(life: Life, stranger: Api, visitor: Api) -> None:
    for visibility, status in (("public", 200), ("private", 404), ("unlisted", 200)):
        life.edit(visibility=visibility)
        for other in (stranger, visitor):
            assert eventually(other, life.path, status)["name" if status == 200 else "code"]
            assert other.get(f"{life.path}/image").status == (302 if status == 200 else 404)


def test_a_change_is_seen_before_the_replica_shows_it(
    life: Life, visitor: Api, paused_replica: None
) -> None:
    life.edit(visibility="public", motto="At once.")
    assert life.now["motto"] == "At once."
    assert visitor.get(life.path).json["motto"] == "At once."
    assert visitor.get(f"{life.path}/image").status == 302
