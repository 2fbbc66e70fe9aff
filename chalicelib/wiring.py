"""Builds the adapters from the settings: each once, when it is first asked for.

`app.py` and the workers come here; nothing else knows an adapter. The imports stand inside the
functions because a vendor's SDK takes longer to import than most requests take to answer.
"""

import time
from collections.abc import Mapping
from functools import cached_property, partial

from chalicelib.auth.keysets import KeySet
from chalicelib.core.cache import NoCache
from chalicelib.core.config import settings
from chalicelib.core.models import ImageModel, Provider
from chalicelib.core.ports import (
    MAX_IMAGE_BYTES,
    Cache,
    CacheUsers,
    DeadLetters,
    FindIssuerKey,
    ImageEngine,
    Objects,
    Queue,
    TextEngine,
    Vault,
    Webhooks,
)
from chalicelib.jobs import timing
from chalicelib.jobs.announcements import DELIVER_WEBHOOK
from chalicelib.personas.renewal import DRAW_IMAGE, WRITE_MOTTO
from chalicelib.personas.services import GENERATE_PERSONA


class Adapters:
    def __init__(self, *, call_seconds: float = timing.CALL_TIMEOUT.total_seconds()) -> None:
        self._call_seconds = call_seconds

    @cached_property
    def queue(self) -> Queue:
        from chalicelib.adapters.sqs import SqsQueue

        return SqsQueue(self._queue_of_kind)

    @property
    def dead_letters(self) -> DeadLetters:
        from chalicelib.adapters.sqs import SqsQueue

        return SqsQueue(self._queue_of_kind)

    @property
    def vault(self) -> Vault:
        from chalicelib.adapters.secrets_manager import SecretsManager

        return SecretsManager()

    @property
    def cache_users(self) -> CacheUsers:
        from chalicelib.adapters.elasticache import ElastiCacheUsers

        return ElastiCacheUsers()

    @property
    def _queue_of_kind(self) -> Mapping[str, str]:
        generated = (GENERATE_PERSONA, DRAW_IMAGE, WRITE_MOTTO)
        return {
            **dict.fromkeys(generated, settings().generation_queue),
            DELIVER_WEBHOOK: settings().webhook_queue,
        }

    @cached_property
    def objects(self) -> Objects:
        from chalicelib.adapters.s3 import S3Objects

        return S3Objects(settings().media_bucket)

    @cached_property
    def cache(self) -> Cache:
        if settings().redis_url is None:
            return NoCache()
        from chalicelib.adapters.valkey import ValkeyCache

        return ValkeyCache(str(settings().redis_url))

    @cached_property
    def text(self) -> TextEngine:
        from chalicelib.adapters.openai import OpenAiText, connect

        return OpenAiText(
            connect(settings().openai_api_key, timeout=self._call_seconds),
            model=settings().openai_text_model,
            moderation_model=settings().openai_moderation_model,
        )

    @cached_property
    def images(self) -> Mapping[ImageModel, ImageEngine]:
        from chalicelib.adapters.download import Downloads
        from chalicelib.adapters.openai import OpenAiImages, connect
        from chalicelib.adapters.replicate import ReplicateImages

        downloads = Downloads(
            settings().image_sources, timeout=self._call_seconds, max_bytes=MAX_IMAGE_BYTES
        )
        return {
            ImageModel.DALL_E: OpenAiImages(
                connect(settings().openai_api_key, timeout=self._call_seconds),
                model=settings().openai_image_model,
            ),
            ImageModel.OPENJOURNEY: ReplicateImages(
                settings().replicate_api_token,
                model=settings().replicate_image_model,
                timeout=self._call_seconds,
                poll_seconds=settings().replicate_poll_seconds,
                download=downloads.fetch,
            ),
        }

    @cached_property
    def webhooks(self) -> Webhooks:
        from chalicelib.adapters.webhooks import OutgoingWebhooks

        seconds = timing.DELIVERY_TIMEOUT.total_seconds()
        return OutgoingWebhooks(settings().webhook_origins, timeout=seconds)

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
