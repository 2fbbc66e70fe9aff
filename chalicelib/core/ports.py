"""What the application asks of the outside world, in its own words. Adapters answer it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel

from chalicelib.core.errors import Conflict, DomainError, NotFound, TooLarge, Unavailable
from chalicelib.core.models import ImageModel, Provider, UsageKind, Voice

MAX_IMAGE_BYTES = 20 * 1024 * 1024
"""What a vendor's picture may have."""

Answer = TypeVar("Answer", bound=BaseModel)
Thing = TypeVar("Thing")

Units = Mapping[str, int]
"""What a vendor charges for, in its own words: tokens, images, seconds."""


@dataclass(frozen=True)
class Service:
    """What is paid for: a vendor's model, and what it makes."""

    provider: str
    model: str
    kind: UsageKind
    is_traceable: bool = False
    """Whether an order whose answer was lost may be found again, so that paying anew can wait."""


@dataclass(frozen=True)
class Served(Generic[Thing]):
    """What a call has brought, and the units that the vendor charges for it."""

    value: Thing
    units: Units


class ContentRefused(DomainError):
    """The vendor's content policy; trying again would be refused again."""

    message = (
        "The description does not pass the content policy. Change what it asks for and try again."
    )

    def __init__(self, message: str | None = None, *, used: Units | None = None) -> None:
        super().__init__(message)
        self.used = used

    @property
    def code(self) -> str:
        return "content_policy"


class VendorUnavailable(Unavailable):
    """A vendor that is down, slow or busy. `retry_after` is what it asked for, in seconds.

    `used` is what it charges for all the same: nothing if empty, and nobody knows if None.
    """

    message = "The AI vendor does not answer. Try again in a few minutes."

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after: int | None = None,
        used: Units | None = None,
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.used = used


class VendorRejected(DomainError):
    """The vendor will never accept this call: a retired model, a wrong key, an unusable answer."""

    message = "The AI vendor cannot serve this request."

    def __init__(
        self, message: str | None = None, *, reason: str = "", used: Units | None = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.used = used


class AnswerUnusable(VendorRejected):
    """An answer without the shape that was asked for. Asking once more often helps."""


class ImageRejected(VendorRejected):
    message = "The image that the vendor sent cannot be used."


class ObjectExists(Conflict):
    message = "There is an object under this key already."


class ObjectMissing(NotFound):
    message = "There is no object under this key."


class ObjectTooLarge(TooLarge):
    message = "The object under this key is larger than it may be."


class Queue(Protocol):
    def send(self, job_id: UUID, *, kind: str, delay_seconds: int = 0) -> None:
        """Raise `Unavailable` when the queue does not answer."""


class DeadLetters(Protocol):
    def redrive(self, *, limit: int) -> Mapping[str, int]:
        """Move dead letters back to their queues, so many each at most, and return how many by
        queue. Raise `Unavailable` when the queues do not answer; what was moved stays so."""


class Vault(Protocol):
    """Secrets: each has one version in force, and perhaps a proposed one that is to follow it."""

    def read(self, secret: str) -> dict[str, Any]:
        """Return the version in force."""

    def proposed(self, secret: str, *, version: str) -> dict[str, Any] | None: ...

    def propose(self, secret: str, content: Mapping[str, Any], *, version: str) -> None: ...

    def adopt(self, secret: str, *, version: str) -> None:
        """Let the proposed version be the one in force. Safe to do again."""

    def write(self, secret: str, content: Mapping[str, Any]) -> None:
        """Let this be in force at once."""


class CacheUsers(Protocol):
    def set_passwords(self, user: str, passwords: Sequence[str]) -> None:
        """Let the user in with any of these, at most two, and with nothing else."""


@dataclass(frozen=True)
class SignedUrl:
    url: str
    expires_at: datetime


@dataclass(frozen=True)
class SignedUpload:
    """A form that a browser fills in: the fields first, then the file as `file`."""

    url: str
    fields: Mapping[str, str]
    expires_in: int


class Objects(Protocol):
    def put_new(self, key: str, content: bytes, *, mime: str, filename: str | None = None) -> None:
        """Raise `ObjectExists` rather than replace what is there. With a file name, whoever
        downloads the object saves it and is not shown it."""

    def read(self, key: str) -> bytes:
        """Raise `ObjectMissing` when there is nothing under the key."""

    def read_small(self, key: str, *, max_bytes: int) -> bytes:
        """Raise `ObjectTooLarge` without reading what is larger, and what `read` raises."""

    def sign(self, key: str) -> SignedUrl:
        """Return a URL that serves the object for 60 seconds."""

    def delete(self, keys: Sequence[str]) -> None:
        """Delete up to 1000 objects. One that is not there is as good as deleted."""

    def sign_upload(self, key: str, *, max_bytes: int) -> SignedUpload:
        """Return a form that puts one object of at most so many bytes under the key."""


class Cache(Protocol):
    """A place that may lose anything at any time, and be down. No method raises: what cannot be had
    is None, and what may not have been done is False."""

    def get(self, key: str) -> bytes | None: ...

    def put(self, key: str, content: bytes, *, seconds: int) -> bool: ...

    def forget(self, *keys: str) -> bool:
        """Say True only if nothing is there any more."""

    def hold(self, *keys: str, mark: bytes, seconds: int) -> bool:
        """Put the mark in place of whatever is there."""

    def claim(self, key: str, mark: bytes, *, seconds: int) -> bytes | None:
        """Return what is there. Where nothing is, leave the mark, and return that."""

    def exchange(self, key: str, mark: bytes, content: bytes, *, seconds: int) -> bool:
        """Put the content where the mark still is, and nowhere else."""


@dataclass(frozen=True)
class Prompt:
    """Our instructions, and apart from them the data they are about."""

    instructions: str
    data: str


@dataclass(frozen=True)
class Line:
    """What one voice has said in a talk."""

    voice: Voice
    text: str


@dataclass(frozen=True)
class Limits:
    """How long a call may take, and how much may be written."""

    seconds: float
    tokens: int


class TextEngine(Protocol):
    """Every method raises `VendorUnavailable`, `ContentRefused` or `VendorRejected`."""

    moderating: Service
    writing: Service

    def moderate(self, text: str, *, seconds: float | None = None) -> Served[None]:
        """Raise `ContentRefused` when the text breaks the content policy."""

    def flag(self, texts: Sequence[str]) -> Served[Sequence[bool]]:
        """Say of each text whether it breaks the content policy, in one call."""

    def answer(
        self, prompt: Prompt, shape: type[Answer], *, limits: Limits | None = None
    ) -> Served[Answer]:
        """Return what the model writes, or raise `AnswerUnusable` when it has another shape."""

    def reply(self, instructions: str, lines: Sequence[Line], *, limits: Limits) -> Served[str]:
        """Return what the AI says next in a talk, or raise `AnswerUnusable` when that is nothing,
        or does not come to an end."""


@dataclass(frozen=True)
class Drawing:
    """A picture asked for: either its bytes, or the reference under which it is being made."""

    content: bytes | None = None
    reference: str | None = None


class ImageEngine(Protocol):
    """Every method raises `VendorUnavailable`, `ContentRefused` or `VendorRejected`."""

    drawing: Service

    def begin(self, prompt: str, *, notify: str | None = None) -> Served[Drawing]:
        """Order a picture. This is the call that costs money. A vendor that can tells `notify` of
        the order, once under way and once done."""

    def collect(self, reference: str) -> bytes:
        """Wait for a picture that was ordered, and download it."""


@dataclass(frozen=True)
class Receipt:
    """What a receiver said to a webhook: a status, or why there is none."""

    status: int | None = None
    error: Literal["address_refused", "unreachable", "timeout"] | None = None
    retry_after: int | None = None


class Webhooks(Protocol):
    def post(self, url: str, content: bytes, *, headers: Mapping[str, str]) -> Receipt:
        """Post JSON to a URL of a user's choice, and say what came of it."""


class FindIssuerKey(Protocol):
    def __call__(self, kid: str, /) -> Any:
        """Return the issuer's public key of that id, or None; raise `Unavailable` when its keys
        cannot be had."""


class Ports(Protocol):
    """Each port is made when it is first asked for: a vendor's SDK is slow to import."""

    @property
    def queue(self) -> Queue: ...

    @property
    def objects(self) -> Objects: ...

    @property
    def cache(self) -> Cache: ...

    @property
    def text(self) -> TextEngine: ...

    @property
    def images(self) -> Mapping[ImageModel, ImageEngine]: ...

    @property
    def webhooks(self) -> Webhooks: ...

    @property
    def issuer_keys(self) -> Mapping[Provider, FindIssuerKey]: ...
