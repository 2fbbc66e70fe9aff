"""What clients ask of the product, what comes of it, and what the vendors are paid for it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from chalicelib.core.models import ImageModel

TEXTS = ("character", "verify", "motto")
PICTURES: Mapping[ImageModel, str] = {
    ImageModel.DALL_E: "image",
    ImageModel.OPENJOURNEY: "prediction",
}


def bill_of(*steps: str) -> Mapping[str, int]:
    """Add up what these steps cost, by what the vendors' emulator calls it."""
    return Counter(step if step in PICTURES.values() else "text" for step in steps)


@dataclass(frozen=True)
class Errand:
    name: str
    steps: Sequence[str]
    """What is paid for when nothing goes wrong."""
    model: ImageModel = ImageModel.DALL_E
    about: str = "{name} is curious, calm and kind."
    part: Literal["images", "motto"] | None = None
    """What is made anew, of a persona that is there."""
    is_answered: bool = False
    """Whether friends tell who it is about."""
    is_awaited: bool = False
    """Whether a webhook tells of the end."""
    is_keyed: bool = False
    """Whether the request has an `Idempotency-Key`."""
    fault: tuple[str, str] | None = None
    """What the vendor always does, for the step to be there."""

    @property
    def bill(self) -> Mapping[str, int]:
        return bill_of(*self.steps)

    @property
    def versions(self) -> int:
        return 1 if self.part is None else 2

    @property
    def pictures(self) -> int:
        return 2 if self.part == "images" else 1

    def wish(self, name: str, *, analysis_id: str, receiver: str) -> dict[str, Any]:
        wish = {"name": name, "image_model": self.model.value}
        about = {"description": self.about.format(name=name)}
        wish |= {"analysis_id": analysis_id} if self.is_answered else about
        return wish | ({"webhook_url": receiver} if self.is_awaited else {})

    def key(self, name: str) -> dict[str, str]:
        return {"idempotency_key": name.replace(" ", "-")} if self.is_keyed else {}


PERSONA = Errand("dall-e", (*TEXTS, "image"))
OPENJOURNEY = Errand("openjourney", (*TEXTS, "prediction"), ImageModel.OPENJOURNEY)
FRIENDS = replace(PERSONA, name="friends", is_answered=True)
CORRECTED = Errand(
    "corrected",
    (*TEXTS, "correct", "image"),
    about="{name} is quiet, shy, reserved, anxious, nervous and moody, chaotic and always late.",
    fault=("text", "misses_low_poles"),
)
AWAITED = replace(PERSONA, name="awaited", is_awaited=True)
KEYED = replace(PERSONA, name="keyed", is_keyed=True)
NEW_PORTRAIT = Errand("new portrait", (*TEXTS, "image", "image"), part="images")
NEW_MOTTO = Errand("new motto", (*TEXTS, "image", "motto"), part="motto")

WHOLE = (PERSONA, OPENJOURNEY, FRIENDS, CORRECTED)
"""From nothing to a persona, through every step that there is."""
