"""The fidelity's step: the persona is asked who it is, and its prompt mended where that is somebody
else."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.analyses.instruments import Trait
from chalicelib.core.errors import Unavailable
from chalicelib.core.ports import ContentRefused, VendorRejected
from chalicelib.jobs.runner import Run
from chalicelib.personas import fidelity, generation
from chalicelib.personas.fidelity import Fidelity, Inventory, Levels
from chalicelib.personas.schemas import NamedWish
from chalicelib.personas.traits import estimates
from chalicelib.workers.asking import ask

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Verified:
    """The persona's own instructions, which of its traits they stress, and how true it is to what
    was meant: None where nobody could ask it."""

    system_prompt: str
    aims: Levels
    fidelity: Fidelity | None

    def stored(self) -> dict[str, Any] | None:
        if self.fidelity is None:
            return None
        return {
            "value": round(self.fidelity.value, 2),
            "corrected": bool(self.aims),
            "traits": {trait: round(level, 2) for trait, level in self.fidelity.answered.items()},
            "aims": dict(self.aims),
        }


def verify(run: Run, wish: NamedWish, character: Mapping[str, Any]) -> Verified:
    """Ask the persona who it is. Where that is not who was meant, stress the two traits that were
    missed most, ask again, and keep the better prompt."""
    first = _verified(run, wish, character, {})
    if first.fidelity is None or first.fidelity.value >= fidelity.ENOUGH:
        return first
    meant = estimates(character["traits"])
    aims = fidelity.corrected_aims(first.fidelity.answered, meant)
    second = _verified(run, wish, character, aims)
    is_better = second.fidelity is not None and second.fidelity.value > first.fidelity.value
    return second if is_better else first


def _verified(run: Run, wish: NamedWish, character: Mapping[str, Any], aims: Levels) -> Verified:
    meant = estimates(character["traits"])
    prompt = generation.system_prompt(name=wish.name, levels=meant, character=character, aims=aims)
    answered = _answers(run, "correct" if aims else "verify", prompt)
    return Verified(prompt, aims, fidelity.compare(answered, meant) if answered else None)


def _answers(run: Run, step: str, persona: str) -> Levels | None:
    """Return what the persona says of itself, or None where the vendor does not let it answer: a
    persona can do without."""
    if (recorded := run.recorded(step)) is not None:
        return {Trait(name): level for name, level in recorded.items()}
    try:
        bought = ask(run, step, fidelity.inventory_prompt(persona), Inventory)
    except (VendorRejected, ContentRefused) as error:
        log.warning("fidelity not measured", extra={"code": error.code, "reason": error.reason})
        nothing: dict[str, Any] = {step: {}}
        run.record(step="verify", progress=60, **nothing)
        return None
    except Unavailable as error:
        if run.is_last_try(error):
            return None
        raise
    levels = bought.value.levels()
    answered: dict[str, Any] = {step: levels}
    run.record(step="verify", progress=60, receipt=bought.receipt, **answered)
    return levels
