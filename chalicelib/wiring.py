"""Builds the adapters from the settings: each once, when it is first asked for.

`app.py` and the workers come here; nothing else knows an adapter. The imports stand inside the
functions because a vendor's SDK takes longer to import than most requests take to answer.
"""

import time
from collections.abc import Mapping
from functools import cached_property, partial

from chalicelib.auth.keysets import KeySet
from chalicelib.core.config import settings
from chalicelib.core.models import ImageModel, Provider
from chalicelib.core.ports import (
    MAX_IMAGE_BYTES,
    FindIssuerKey,
    ImageEngine,
    Objects,
    Queue,
    TextEngine,
)
from chalicelib.jobs import timing
from chalicelib.personas.renewal import DRAW_IMAGE, WRITE_MOTTO
from chalicelib.personas.services import GENERATE_PERSONA

CALL_SECONDS = timing.CALL_TIMEOUT.total_seconds()


class Adapters:
    @cached_property
    def queue(self) -> Queue:
        from chalicelib.adapters.sqs import SqsQueue

        kinds = (GENERATE_PERSONA, DRAW_IMAGE, WRITE_MOTTO)
        return SqsQueue(dict.fromkeys(kinds, settings().generation_queue))

    @cached_property
    def objects(self) -> Objects:
        from chalicelib.adapters.s3 import S3Objects

        return S3Objects(settings().media_bucket)

    @cached_property
    def text(self) -> TextEngine:
        from chalicelib.adapters.openai import OpenAiText, connect

        return OpenAiText(
            connect(settings().openai_api_key, timeout=CALL_SECONDS),
            model=settings().openai_text_model,
            moderation_model=settings().openai_moderation_model,
        )

    @cached_property
    def images(self) -> Mapping[ImageModel, ImageEngine]:
        from chalicelib.adapters.download import Downloads
        from chalicelib.adapters.openai import OpenAiImages, connect
        from chalicelib.adapters.replicate import ReplicateImages

        downloads = Downloads(
            settings().image_sources, timeout=CALL_SECONDS, max_bytes=MAX_IMAGE_BYTES
        )
        return {
            ImageModel.DALL_E: OpenAiImages(
                connect(settings().openai_api_key, timeout=CALL_SECONDS),
                model=settings().openai_image_model,
            ),
            ImageModel.OPENJOURNEY: ReplicateImages(
                settings().replicate_api_token,
                model=settings().replicate_image_model,
                timeout=CALL_SECONDS,
                poll_seconds=settings().replicate_poll_seconds,
                download=downloads.fetch,
            ),
        }

    @cached_property
    def issuer_keys(self) -> Mapping[Provider, FindIssuerKey]:
        from chalicelib.adapters import jwks

        urls = {
            Provider.GOOGLE: settings().google_jwks_url,
            Provider.COGNITO: settings().cognito_jwks_url,
        }
        return {
            provider: KeySet(partial(jwks.fetch, url), clock=time.monotonic).find
            for provider, url in urls.items()
            if url
        }

    def warm_up(self) -> None:
        """Make the engines before several threads ask for them at once."""
        self.text, self.images, self.objects  # noqa: B018 - asking is what makes them


_adapters = Adapters()


def ports() -> Adapters:
    return _adapters
