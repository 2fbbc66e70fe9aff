"""The portrait's step: order, collect, redraw, store. It may be resumed at any point."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from chalicelib import wiring
from chalicelib.core.db import reading
from chalicelib.core.models import ImageModel
from chalicelib.core.ports import (
    Drawing,
    ObjectExists,
    ObjectMissing,
    Served,
    VendorRejected,
    VendorUnavailable,
)
from chalicelib.jobs.exceptions import OrderUnanswered, OrderUncollected, Postponed, VendorResting
from chalicelib.jobs.measures import asked
from chalicelib.jobs.purchases import COLLECT, Order
from chalicelib.jobs.runner import Run
from chalicelib.notices.links import notice_url
from chalicelib.notices.services import find_reference
from chalicelib.personas import generation
from chalicelib.personas.schemas import NamedWish
from chalicelib.personas.services import Image, portrait_key

if TYPE_CHECKING:
    from chalicelib.personas.portraits import Portrait

log = logging.getLogger(__name__)


def draw_portrait(run: Run, wish: NamedWish, subject: str) -> Image:
    """Return the stored portrait: by the wanted model, or else by the other one.

    Raises `ContentRefused` as soon as one of them refuses; when neither has drawn, `Unavailable`
    where another attempt may help, and `VendorRejected` where it will not. An order that was
    accepted, or may have been, is waited for rather than made elsewhere.
    """
    models = _in_turn(run, wish)
    for model in models:
        if stored := (run.recorded(f"image:{model}") or {}).get("image"):
            return Image(**stored)
    outages: list[VendorUnavailable | Postponed] = []
    for model in models:
        try:
            return _image_by(model, run, wish, subject)
        except (OrderUnanswered, OrderUncollected):
            raise
        except VendorRejected as error:
            told = {"model": model, "code": error.code, "reason": error.reason}
            log.warning("no image", extra=told)
        except (VendorUnavailable, Postponed) as error:
            log.warning("no image for now", extra={"model": model, "code": error.code})
            outages.append(error)
    if not outages:
        raise VendorRejected
    raise min(outages, key=lambda each: (run.is_last_try(each), isinstance(each, Postponed)))


def _in_turn(run: Run, wish: NamedWish) -> list[ImageModel]:
    """Put the wanted model first, unless an earlier attempt has ordered from the other one."""
    models = (wish.image_model, wish.image_model.fallback)
    return sorted(models, key=lambda each: "reference" not in (run.recorded(f"image:{each}") or {}))


def _image_by(model: ImageModel, run: Run, wish: NamedWish, subject: str) -> Image:
    prompt = generation.portrait_prompt(name=wish.name, description=subject)
    recorded = run.recorded(f"image:{model}") or {}
    key = portrait_key(run.claim.subject_id, run.claim.job_id, model)
    portrait = _left_behind(key) if recorded else None
    if portrait is None:
        portrait = _store(key, _drawn(model, run, prompt, recorded))
    image = Image(
        key=key,
        mime=portrait.mime,
        width=portrait.width,
        height=portrait.height,
        sha256=portrait.sha256,
        prompt=prompt,
        model=model,
        requested_model=wish.image_model,
        vendor_model=wiring.ports().images[model].drawing.model,
    )
    stored: dict[str, Any] = {f"image:{model}": {"image": asdict(image)}}
    run.record(step="store", progress=85, **stored)
    return image


def _drawn(model: ImageModel, run: Run, prompt: str, recorded: Mapping[str, Any]) -> bytes:
    """Return the picture's bytes. What was ordered before is collected, never ordered again."""
    engine = wiring.ports().images[model]
    if "reference" in recorded:
        known = recorded["reference"]
        return _fetched(run, lambda: run.follow(engine.drawing, lambda: engine.collect(known)))
    notify = notice_url(run.claim.job_id, step=f"image:{model}")
    ordered = run.buy(
        Order(
            step="image",
            service=engine.drawing,
            call=lambda: engine.begin(prompt, notify=notify),
            progress=15,
            marks={f"image:{model}": {"ordered": True}},
            find=lambda: _told_of(model, run),
        )
    )
    if ordered.value.content is not None:
        run.record(step="store", progress=60, receipt=ordered.receipt)
        return ordered.value.content
    reference = str(ordered.value.reference)
    made: dict[str, Any] = {f"image:{model}": {"reference": reference}}
    run.record(step="image", progress=60, receipt=ordered.receipt, **made)
    collect = partial(engine.collect, reference)
    return _fetched(run, lambda: asked(engine.drawing, COLLECT, collect))


def _fetched(run: Run, collect: Callable[[], bytes]) -> bytes:
    """Collect what is paid for. Only when nothing more can be tried may the other model step in."""
    try:
        return collect()
    except (VendorUnavailable, VendorResting) as error:
        if run.is_last_try(error):
            raise
        if isinstance(error, VendorResting):
            raise OrderUnanswered(error.delay) from error
        raise OrderUncollected(retry_after=error.retry_after) from error


def _told_of(model: ImageModel, run: Run) -> Served[Drawing] | None:
    """Return the order whose answer never came, if the vendor has told of it."""
    with reading() as session:
        reference = find_reference(session, job_id=run.claim.job_id, step=f"image:{model}")
    return Served(Drawing(reference=reference), {"images": 1}) if reference else None


def _store(key: str, drawn: bytes) -> "Portrait":
    """Put the portrait under its key. Where a zombie or a dead attempt was first, adopt theirs."""
    from chalicelib.personas.portraits import described, redraw  # noqa: PLC0415

    portrait = redraw(drawn)
    try:
        wiring.ports().objects.put_new(key, portrait.content, mime=portrait.mime)
    except ObjectExists:
        return described(wiring.ports().objects.read(key))
    return portrait


def _left_behind(key: str) -> "Portrait | None":
    """Return what an attempt stored that died before it could say so."""
    from chalicelib.personas.portraits import described  # noqa: PLC0415

    try:
        return described(wiring.ports().objects.read(key))
    except ObjectMissing:
        return None
