"""Valkey, or anything that speaks Redis's protocol: in time, or not at all."""

import logging
import time
from collections.abc import Callable
from contextvars import ContextVar
from socket import socket
from typing import Any, Final, TypeVar

from redis import Connection, ConnectionPool, Redis, RedisError, ResponseError, SSLConnection

from chalicelib.core.cache import BUDGET_SECONDS, spending

log = logging.getLogger(__name__)

REST_SECONDS: Final = 5.0
"""How long a cache that has failed is left alone, so that not every request waits for it."""
LEAST_SECONDS: Final = 0.001

_EXCHANGE: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""

Value = TypeVar("Value")

_deadline: ContextVar[float] = ContextVar("deadline", default=0.0)


class ValkeyCache:
    """A failure, whatever it is, is a miss: the request that asked can do without an answer."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        secured = url.startswith("rediss:")
        self._pool = ConnectionPool.from_url(
            url,
            connection_class=_HurriedSslConnection if secured else _HurriedConnection,
            socket_connect_timeout=BUDGET_SECONDS,
            socket_timeout=BUDGET_SECONDS,
            protocol=2,  # no greeting: it would be a round trip
            driver_info=None,  # nor two more to say the client's name
        )
        self._client = Redis(connection_pool=self._pool)
        self._clock = clock
        self._rests_until = float("-inf")

    def close(self) -> None:
        self._pool.disconnect()

    def get(self, key: str) -> bytes | None:
        return self._found(key, lambda: self._client.get(key))

    def put(self, key: str, content: bytes, *, seconds: int) -> bool:
        return self._asked(lambda: self._client.set(key, content, ex=seconds)) is True

    def forget(self, *keys: str) -> bool:
        return self._told(lambda: self._client.delete(*keys)) is not None

    def hold(self, *keys: str, mark: bytes, seconds: int) -> bool:
        def put_all() -> Any:
            pipeline = self._client.pipeline(transaction=False)
            for key in keys:
                pipeline.set(key, mark, ex=seconds)
            return pipeline.execute()

        return self._told(put_all) == [True] * len(keys)

    def claim(self, key: str, mark: bytes, *, seconds: int) -> bytes | None:
        def claimed() -> Any:
            found = self._client.set(key, mark, ex=seconds, nx=True, get=True)
            return mark if found is None else found

        return self._found(key, claimed)

    def exchange(self, key: str, mark: bytes, content: bytes, *, seconds: int) -> bool:
        wanted = (_EXCHANGE, 1, key, mark, content, seconds)
        return self._asked(lambda: self._client.eval(*wanted)) == 1

    def _found(self, key: str, call: Callable[[], object]) -> bytes | None:
        """Return what is there. No cache of ours holds anything but bytes: such a thing is swept
        away, for it may stay for ever otherwise."""

        def found() -> object:
            try:
                return call()
            except ResponseError as error:
                if not str(error).startswith("WRONGTYPE"):
                    raise
                return self._client.delete(key)

        answer = self._asked(found)
        return answer if isinstance(answer, bytes) else None

    def _asked(self, call: Callable[[], Value]) -> Value | None:
        """Ask for what can be done without: not while the cache rests."""
        return None if self._clock() < self._rests_until else self._told(call)

    def _told(self, call: Callable[[], Value]) -> Value | None:
        with spending() as seconds:
            if seconds <= 0:
                return None
            token = _deadline.set(time.monotonic() + seconds)
            try:
                return call()
            except (RedisError, OSError, ValueError, RecursionError) as error:
                log.warning("no cache", extra={"error": type(error).__name__})
                self._rests_until = self._clock() + REST_SECONDS
                self._pool.disconnect(inuse_connections=False)
                return None
            finally:
                _deadline.reset(token)


def _left() -> float:
    return max(_deadline.get() - time.monotonic(), LEAST_SECONDS)


class _HurriedSocket:
    """A socket whose every call ends at the deadline: redis-py bounds each by itself, and an answer
    that drips would never end."""

    def __init__(self, opened: socket) -> None:
        self._opened = opened

    def __getattr__(self, name: str) -> Any:
        return getattr(self._opened, name)

    def recv(self, size: int) -> bytes:
        self._hurry()
        return self._opened.recv(size)

    def sendall(self, content: bytes) -> None:
        self._hurry()
        self._opened.sendall(content)

    def _hurry(self) -> None:
        if self._opened.gettimeout() != 0:  # 0 looks whether there is something, and does not wait
            self._opened.settimeout(_left())


class _HurriedConnection(Connection):
    def _connect(self) -> Any:
        self.socket_connect_timeout = _left()
        return _HurriedSocket(super()._connect())  # type: ignore[no-untyped-call]  # redis-py types little


class _HurriedSslConnection(SSLConnection):
    def _connect(self) -> Any:
        self.socket_connect_timeout = self.socket_timeout = _left()
        return _HurriedSocket(super()._connect())  # type: ignore[no-untyped-call]  # redis-py types little
