"""What a call costs: `prices.json`, read once and checked as it is read."""

import logging
from collections.abc import Sequence
from functools import cache
from math import ceil
from pathlib import Path

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, NonNegativeInt

from chalicelib.core.config import settings
from chalicelib.core.models import UsageKind
from chalicelib.core.ports import Service, Units

log = logging.getLogger(__name__)


class Price(BaseModel):
    """In micro-dollars: of each unit, and the most that one of our calls costs."""

    model_config = ConfigDict(frozen=True)

    kind: UsageKind
    units: dict[str, NonNegativeFloat]
    most: NonNegativeInt


class ModelPrice(Price):
    provider: str
    model: str
    source: str
    is_verified: bool


class Prices(BaseModel):
    models: Sequence[ModelPrice]
    unknown: Sequence[Price]


PRICES = Prices.model_validate_json(Path(__file__).with_name("prices.json").read_bytes())


@cache
def price_of(service: Service) -> Price:
    """Return the price of the model, or of the dearest one could think of, which is logged."""
    name, _, _version = service.model.partition(":")
    for price in PRICES.models:
        if (price.provider, price.model) == (service.provider, name):
            return price
    log.warning("no price known", extra={"provider": service.provider, "model": service.model})
    return next(price for price in PRICES.unknown if price.kind is service.kind)


def cost_of(service: Service, units: Units) -> int:
    """Return micro-dollars, rounded up. Where no unit with a price is named, it is the most."""
    price = price_of(service)
    if not price.units.keys() & units.keys():
        return price.most
    return ceil(sum(price.units.get(name, 0) * count for name, count in units.items()))


def dearest(kind: UsageKind) -> int:
    """Return the most that a call to any model that is configured may cost."""
    return max(price_of(service).most for service in _configured() if service.kind is kind)


def _configured() -> Sequence[Service]:
    return (
        Service("openai", settings().openai_text_model, UsageKind.TEXT),
        Service("openai", settings().openai_image_model, UsageKind.IMAGE),
        Service("replicate", settings().replicate_image_model, UsageKind.IMAGE),
    )
