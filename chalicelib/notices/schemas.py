from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

SETTLED = {"succeeded", "failed", "canceled"}

Step = Annotated[str, StringConstraints(pattern=r"^[a-z:_-]{1,64}$")]


class NoticeQuery(BaseModel):
    """What an order was for, as the URL says that went with it; `token` vouches for the two."""

    model_config = ConfigDict(extra="forbid")

    job: UUID
    step: Step
    token: str


class Prediction(BaseModel):
    """As much of a prediction as is needed here; what was drawn is fetched by its `id`."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,64}$")]
    status: str

    @property
    def is_settled(self) -> bool:
        return self.status in SETTLED
