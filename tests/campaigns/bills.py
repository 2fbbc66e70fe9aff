"""What the vendors are paid for a persona when nothing goes wrong."""

from collections import Counter
from collections.abc import Mapping

from chalicelib.core.models import ImageModel

TEXTS = ("character", "verify", "motto")
PICTURES: Mapping[ImageModel, str] = {
    ImageModel.DALL_E: "image",
    ImageModel.OPENJOURNEY: "prediction",
}


def bill_of(*steps: str) -> Mapping[str, int]:
    """Add up what these steps cost, by what the vendors' emulator calls it."""
    return Counter("text" if step in TEXTS else step for step in steps)


USUAL_BILL: Mapping[ImageModel, Mapping[str, int]] = {
    model: bill_of(*TEXTS, picture) for model, picture in PICTURES.items()
}
