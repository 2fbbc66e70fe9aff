"""What extreme people become: the brief, the prompt, and how true to it the emulated model is.

Only a real model shows behaviour. This shows what it would be told, and that what is measured and
mended afterwards works.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from pydantic import BaseModel

from chalicelib.analyses.instruments import Trait
from chalicelib.core.ports import Prompt
from chalicelib.personas import fidelity
from chalicelib.personas.archetypes import nearest
from chalicelib.personas.brief import SCALES, write_brief
from chalicelib.personas.fidelity import Fidelity, Inventory
from chalicelib.personas.generation import Character, friends_prompt, system_prompt
from local.vendors.writing.chat import answer_chat
from local.vendors.writing.inventory import MISSES_LOW_POLES
from local.vendors.writing.reading import Message

Shape = TypeVar("Shape", bound=BaseModel)
Levels = Mapping[Trait, float]

PROFILES: Mapping[str, Sequence[float]] = {
    "Quiet pedant": (0.05, 0.95, 0.05, 0.20, 0.60),
    "Loud improviser": (0.90, 0.05, 0.95, 0.60, 0.70),
    "Withdrawn critic": (0.60, 0.20, 0.05, 0.05, 0.30),
    "Anxious traditionalist": (0.05, 0.60, 0.10, 0.90, 0.05),
    "Cold daredevil": (0.90, 0.05, 0.80, 0.05, 0.95),
}
_CAVEAT = (
    "The answers are those of the local emulator, which reads the adjectives. They show that the "
    "measuring and the mending work; only a real model shows how a persona behaves."
)


def report() -> str:
    profiles = {name: dict(zip(Trait, levels, strict=True)) for name, levels in PROFILES.items()}
    parts = ["# Five extreme profiles", "", _CAVEAT, "", *table(profiles)]
    for name, levels in profiles.items():
        parts += ["", f"## {name}", "", "```", _prompt(name, levels, {}), "```"]
    return "\n".join(parts)


def table(profiles: Mapping[str, Levels]) -> list[str]:
    traits = [SCALES[trait].name.partition(" / ")[0] for trait in Trait]
    head = ["profile", *traits, "archetype", "fidelity", "misses low ends", "mended"]
    rows = [[name, *_row(name, levels)] for name, levels in profiles.items()]
    return [_line(head), _line(["---"] * len(head)), *map(_line, rows)]


def _row(name: str, levels: Levels) -> list[str]:
    match = nearest(levels)
    prompt = _prompt(name, levels, {})
    good, poor = _measured(prompt, levels), _measured(prompt, levels, MISSES_LOW_POLES)
    return [
        *write_brief(levels).values(),
        match.archetype.name if match else "none",
        f"{good.value:.2f}",
        f"{poor.value:.2f}",
        _mended(name, levels, poor),
    ]


def _mended(name: str, levels: Levels, poor: Fidelity) -> str:
    if poor.value >= fidelity.ENOUGH:
        return "not needed"
    aims = fidelity.corrected_aims(poor.answered, levels)
    return f"{_measured(_prompt(name, levels, aims), levels, MISSES_LOW_POLES).value:.2f}"


def _prompt(name: str, levels: Levels, aims: Levels) -> str:
    asked = friends_prompt(name=name, brief=write_brief(levels), words=[])
    character = _answer(asked, Character).model_dump(by_alias=True)
    return system_prompt(name=name, levels=levels, character=character, aims=aims)


def _measured(persona: str, levels: Levels, fault: str | None = None) -> Fidelity:
    answered = _answer(fidelity.inventory_prompt(persona), Inventory, fault).levels()
    return fidelity.compare(answered, levels)


def _answer(prompt: Prompt, shape: type[Shape], fault: str | None = None) -> Shape:
    messages = [Message("system", prompt.instructions), Message("user", prompt.data)]
    content = answer_chat(messages, shape.model_json_schema(), fault).content
    return shape.model_validate_json(content or "")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
