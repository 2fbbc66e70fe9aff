from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from chalicelib.core.text import AtMost, Line


class CardFormat(StrEnum):
    """`card_png` is a picture with the card of both versions inside. The share card says what is
    known of the persona in one picture."""

    CCV2_JSON = "ccv2_json"
    CCV3_JSON = "ccv3_json"
    CARD_PNG = "card_png"
    SHARE_SVG = "share_svg"
    SHARE_PNG = "share_png"


class ExportCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: CardFormat


class ExportRead(BaseModel):
    """`download_url` serves the file as `filename` for `expires_in` seconds."""

    download_url: str
    expires_in: int
    mime: str
    sha256: str
    filename: str


class UploadRead(BaseModel):
    """Send `fields` and then the file, as `file`, to `upload_url`: a form, by POST. Then import
    the `upload_key`, once."""

    upload_url: str
    fields: dict[str, str]
    upload_key: str
    expires_in: int
    max_bytes: int


class CardImport(BaseModel):
    """A character card of version 2 or 3: itself, as `card`, or the `upload_key` of a PNG or JSON
    file that holds it. `name` replaces the name in the card."""

    model_config = ConfigDict(extra="forbid")

    card: dict[str, Any] | None = None
    upload_key: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    name: Annotated[Line, AtMost(80)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "CardImport":
        if (self.card is None) == (self.upload_key is None):
            message = "send either `card` or `upload_key`"
            raise ValueError(message)
        return self
