from chalicelib.core.errors import Conflict, DomainError, NotFound
from chalicelib.core.models.job import POLL_SECONDS


class PersonaNotFound(NotFound):
    message = "There is no such persona."


class ImageNotFound(NotFound):
    message = "This persona has no image."


class UnknownImage(NotFound):
    message = "This persona has no such image."


class ImageInUse(Conflict):
    message = "This is the persona's current image. Choose another one, then delete it."


class PersonaNameTaken(Conflict):
    message = "You already have a persona with this name."


class PersonaNotReady(Conflict):
    message = "This persona has not been made yet. Wait until its generation is `ready`."


class GenerationInProgress(Conflict):
    message = "This persona is being generated already. Wait for that job, or cancel it first."
    retry_after: int | None = POLL_SECONDS


class Superseded(DomainError):
    message = "A newer generation of this persona was asked for in the meantime."
