"""How long an answer takes in all, by operation."""

from collections.abc import Mapping

DEFAULT_MILLISECONDS: Mapping[str, float] = {
    "text": 150,
    "moderation": 30,
    "image": 900,
    "speech": 300,
    "prediction": 900,
    "poll": 0,
    "download": 20,
    "models": 0,
}


class Latencies:
    def __init__(self) -> None:
        self._milliseconds = dict(DEFAULT_MILLISECONDS)

    def seconds(self, operation: str) -> float:
        return self._milliseconds[operation] / 1000

    def milliseconds(self) -> dict[str, float]:
        return dict(self._milliseconds)

    def change(self, milliseconds: Mapping[str, float]) -> None:
        self._milliseconds = {**self._milliseconds, **milliseconds}

    def reset(self) -> None:
        self._milliseconds = dict(DEFAULT_MILLISECONDS)
