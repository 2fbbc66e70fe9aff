"""Predictions, made with Replicate's own client."""

import io
import time
from pathlib import Path

import pytest
import requests
from PIL import Image
from replicate.client import Client
from replicate.exceptions import ModelError, ReplicateError
from replicate.helpers import FileOutput
from replicate.prediction import Prediction

from local.vendors.control import Control
from local.vendors.server import Server, serve
from tests.local.vendors.clients import MODEL, SMALL, connected


def create(hub: Client, **wanted: object) -> Prediction:
    return hub.models.predictions.create(MODEL, input={**SMALL, **wanted})


def settled(prediction: Prediction) -> Prediction:
    give_up = time.monotonic() + 5
    while prediction.status not in {"succeeded", "failed", "canceled"}:
        assert time.monotonic() < give_up
        time.sleep(0.01)
        prediction.reload()
    return prediction


def test_a_prediction_starts_processes_and_succeeds(hub: Client, control: Control) -> None:
    control.latency(prediction=300)
    prediction = create(hub)
    seen = [prediction.status]
    give_up = time.monotonic() + 5
    while seen[-1] != "succeeded" and time.monotonic() < give_up:
        prediction.reload()
        seen += [prediction.status] if prediction.status != seen[-1] else []
    assert seen == ["starting", "processing", "succeeded"]


def test_a_finished_prediction_has_times_metrics_and_progress(hub: Client) -> None:
    prediction = settled(create(hub))
    assert prediction.started_at
    assert prediction.completed_at
    assert prediction.metrics is not None
    assert prediction.progress is not None
    assert prediction.progress.percentage == 1


def test_the_output_is_a_picture_on_the_emulators_own_origin(
    hub: Client, server: Server, http: requests.Session
) -> None:
    prediction = settled(create(hub))
    assert prediction.output == [f"{server.url}/files/{prediction.id}.png"]
    answer = http.get(prediction.output[0], headers={"Authorization": ""})
    assert answer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).size == (256, 256)


def test_several_outputs_differ(hub: Client, http: requests.Session) -> None:
    urls = settled(create(hub, num_outputs=2)).output or []
    assert len({http.get(url).content for url in urls}) == 2


def test_running_a_model_waits_for_its_output(hub: Client) -> None:
    output = hub.run(MODEL, input=SMALL)
    assert isinstance(output, list)
    assert FileOutput(output[0], hub).read().startswith(b"\x89PNG")


def test_running_a_version_waits_for_its_output(hub: Client) -> None:
    version = hub.models.get(MODEL).latest_version
    assert version is not None
    assert len(list(hub.run(f"{MODEL}:{version.id}", input=SMALL))) == 1


def test_a_version_belongs_to_its_model(hub: Client) -> None:
    version = hub.models.get(MODEL).versions.list()[0]
    assert hub.predictions.create(version=version.id, input=SMALL).model == MODEL


def test_preferring_to_wait_gives_up_when_the_time_is_over(hub: Client, control: Control) -> None:
    control.latency(prediction=3000)
    started = time.monotonic()
    prediction = hub.models.predictions.create(MODEL, input=SMALL, wait=1)
    assert time.monotonic() - started < 2
    assert prediction.status == "processing"


def test_predictions_are_listed_newest_first(hub: Client) -> None:
    first, second = create(hub), create(hub)
    assert [prediction.id for prediction in hub.predictions.list()][:2] == [second.id, first.id]


def test_a_cancelled_prediction_stays_cancelled(hub: Client, control: Control) -> None:
    control.latency(prediction=200)
    prediction = create(hub)
    prediction.cancel()
    assert prediction.status == "canceled"
    time.sleep(0.3)
    prediction.reload()
    assert (prediction.status, prediction.output) == ("canceled", None)


def test_cancelling_what_has_ended_changes_nothing(hub: Client) -> None:
    prediction = settled(create(hub))
    prediction.cancel()
    assert prediction.status == "succeeded"


def test_a_forbidden_wish_fails(hub: Client) -> None:
    with pytest.raises(ModelError, match="NSFW"):
        hub.run(MODEL, input={"prompt": "an erotic picture"})


def test_a_finished_prediction_outlives_a_restart(state: Path, http: requests.Session) -> None:
    with serve(0, state) as server, connected(server.url) as hub:
        Control(server.url).latency(prediction=0)
        prediction = settled(create(hub))
    with serve(server.port, state) as again:
        shown = http.get(f"{again.url}/v1/predictions/{prediction.id}").json()
        assert shown["output"] == prediction.output
        assert http.get(shown["output"][0]).ok


def test_an_unfinished_prediction_finishes_after_a_restart(state: Path) -> None:
    with serve(0, state) as server, connected(server.url) as hub:
        Control(server.url).latency(prediction=200)
        prediction = create(hub)
    with serve(server.port, state) as again, connected(again.url) as hub:
        assert settled(hub.predictions.get(prediction.id)).status == "succeeded"


def test_an_unknown_prediction_is_not_found(hub: Client) -> None:
    with pytest.raises(ReplicateError) as missing:
        hub.predictions.get("nothing")
    assert missing.value.status == 404


def test_a_token_is_needed(server: Server, http: requests.Session) -> None:
    nobody = {"Authorization": ""}
    answer = http.post(f"{server.url}/v1/predictions", json={}, headers=nobody)
    assert (answer.status_code, answer.json()["title"]) == (401, "Unauthenticated")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{half", 400),
        ('{"version": "v"}', 422),
        ('{"input": {}}', 422),
        ('{"version": "v", "input": {"width": 9}}', 422),
    ],
)
def test_a_body_that_is_no_order_is_answered_in_replicates_shape(
    server: Server, http: requests.Session, body: str, status: int
) -> None:
    answer = http.post(f"{server.url}/v1/predictions", data=body)
    assert answer.status_code == answer.json()["status"] == status
    assert answer.json()["detail"]


@pytest.mark.parametrize("name", ["nothing", "..%2Fwebhook-key", "..%2Fpredictions%2Fx"])
def test_only_pictures_can_be_downloaded(server: Server, http: requests.Session, name: str) -> None:
    assert http.get(f"{server.url}/files/{name}.png").status_code == 404
