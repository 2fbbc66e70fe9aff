"""Replicate's predictions: they are ordered, they run, they end, and they outlive a restart."""

import secrets
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Condition, Thread
from typing import Any, Literal

from pydantic import BaseModel, Field

from local.vendors.portrait import draw_portrait, plain_picture
from local.vendors.webhooks import Webhooks

Status = Literal["starting", "processing", "succeeded", "failed", "canceled"]

KEPT_FOR = timedelta(hours=1)
_STARTING_SHARE = 0.2
_PROGRESS = "Using seed: 20817\n100%|##########| 25/25\n"


def _now() -> datetime:
    return datetime.now(UTC)


class Wanted(BaseModel):
    """The part of an input that this machine understands."""

    prompt: str = ""
    num_outputs: int = Field(default=1, ge=1, le=4)
    width: int = Field(default=1024, ge=64, le=2048)
    height: int = Field(default=1024, ge=64, le=2048)


class Order(BaseModel):
    """What was asked for, and how it is going to end."""

    model: str
    version: str
    input: dict[str, Any]
    webhook: str | None = None
    webhook_events: list[str]
    seconds: float
    ends_as: Status = "succeeded"
    """`processing` for one that never ends."""
    error: str | None = None
    output: list[str] | None = None
    """In place of the pictures that it would make."""
    is_plain: bool = False

    @property
    def wanted(self) -> Wanted:
        return Wanted.model_validate(self.input)


class Prediction(BaseModel):
    id: str = Field(default_factory=lambda: secrets.token_hex(13))
    order: Order
    status: Status = "starting"
    output: list[str] | None = None
    logs: str = ""
    error: str | None = None
    created_at: datetime = Field(default_factory=_now)
    started_at: datetime | None = None
    completed_at: datetime | None = None

    @property
    def is_final(self) -> bool:
        return self.status in {"succeeded", "failed", "canceled"}

    def describe(self, origin: str) -> dict[str, Any]:
        """Return what the API and the webhooks show."""
        url = f"{origin}/v1/predictions/{self.id}"
        fields = self.model_dump(mode="json", exclude={"order"})
        time_taken = {"predict_time": self.order.seconds} if self.status == "succeeded" else {}
        return {
            **fields,
            "model": self.order.model,
            "version": self.order.version,
            "input": self.order.input,
            "metrics": time_taken,
            "urls": {"get": url, "cancel": f"{url}/cancel"},
        }


class PredictionMissing(LookupError):
    pass


class Predictions:
    def __init__(self, state: Path, *, origin: str, webhooks: Webhooks) -> None:
        self.webhooks = webhooks
        self._origin = origin
        self._records = state / "predictions"
        self._files = state / "files"
        for folder in (self._records, self._files):
            folder.mkdir(parents=True, exist_ok=True)
        self._changed = Condition()
        self._is_closed = False
        self._all = {prediction.id: prediction for prediction in self._kept()}
        for prediction in self._all.values():
            if not prediction.is_final:
                self._run_aside(prediction)

    def start(self, order: Order) -> Prediction:
        prediction = Prediction(order=order)
        with self._changed:
            self._all[prediction.id] = prediction
            self._save(prediction)
        self._run_aside(prediction)
        return prediction

    def find(self, prediction_id: str) -> Prediction:
        try:
            return self._all[prediction_id]
        except KeyError:
            raise PredictionMissing from None

    def newest(self, limit: int = 100) -> list[Prediction]:
        return list(self._all.values())[: -limit - 1 : -1]

    def wait(self, prediction: Prediction, seconds: float | None) -> bool:
        """Return whether it has ended by then."""
        with self._changed:
            self._changed.wait_for(lambda: prediction.is_final or self._is_closed, seconds)
        return prediction.is_final

    def cancel(self, prediction: Prediction) -> None:
        self._end(prediction, "canceled")

    def picture(self, name: str) -> bytes:
        path = self._files / f"{Path(name).name}.png"
        if not path.exists():
            raise PredictionMissing
        return path.read_bytes()

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _kept(self) -> list[Prediction]:
        kept = []
        for path in self._records.glob("*.json"):
            prediction = Prediction.model_validate_json(path.read_text())
            if _now() - prediction.created_at < KEPT_FOR:
                kept.append(prediction)
            else:
                path.unlink()
                for picture in self._files.glob(f"{prediction.id}*.png"):
                    picture.unlink()
        return sorted(kept, key=lambda prediction: prediction.created_at)

    def _save(self, prediction: Prediction) -> None:
        path = self._records / f"{prediction.id}.json"
        draft = path.with_suffix(".draft")
        draft.write_text(prediction.model_dump_json())
        draft.replace(path)

    def _run_aside(self, prediction: Prediction) -> None:
        Thread(target=self._run, args=(prediction,), daemon=True).start()

    def _run(self, prediction: Prediction) -> None:
        order = prediction.order
        ends = time.monotonic() + order.seconds
        if not self.wait(prediction, order.seconds * _STARTING_SHARE):
            self._begin(prediction)
            self._notify(prediction, "start")
            output = self._output(prediction)
            never = order.ends_as == "processing"
            if not self.wait(prediction, None if never else max(0, ends - time.monotonic())):
                self._end(prediction, order.ends_as, output)
        if prediction.is_final:
            self._notify(prediction, "completed")

    def _output(self, prediction: Prediction) -> list[str] | None:
        order = prediction.order
        if order.output is not None or order.ends_as != "succeeded":
            return order.output
        wanted = order.wanted
        names = [prediction.id]
        names += [f"{prediction.id}-{index}" for index in range(1, wanted.num_outputs)]
        for name in names:
            prompt = wanted.prompt + name.removeprefix(prediction.id)
            sides = wanted.width, wanted.height
            content = plain_picture() if order.is_plain else draw_portrait(prompt, *sides)
            (self._files / f"{name}.png").write_bytes(content)
        return [f"{self._origin}/files/{name}.png" for name in names]

    def _begin(self, prediction: Prediction) -> None:
        with self._changed:
            if not (prediction.is_final or self._is_closed):
                prediction.status, prediction.started_at = "processing", _now()
                self._save(prediction)

    def _end(self, prediction: Prediction, status: Status, output: list[str] | None = None) -> None:
        with self._changed:
            if prediction.is_final or self._is_closed:
                return
            prediction.status, prediction.output = status, output
            prediction.completed_at = _now()
            prediction.logs = _PROGRESS if status == "succeeded" else ""
            prediction.error = prediction.order.error if status == "failed" else None
            self._save(prediction)
            self._changed.notify_all()

    def _notify(self, prediction: Prediction, event: str) -> None:
        order = prediction.order
        if order.webhook and event in order.webhook_events and not self._is_closed:
            self.webhooks.send(order.webhook, prediction.describe(self._origin))
