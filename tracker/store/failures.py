"""How a connection to Redis fails, beside what redis-py and the operating system have names for."""

from redis.exceptions import ConnectionError as RedisConnectionError


class WireError(RedisConnectionError):
    """A connection is lost, or could not be opened.

    Attributes:
        cause: what went wrong, None where the server closed it without a word.
        stage: `connect`, `handshake` of TLS, `login` until the first reply, then `work`.
    """

    def __init__(self, cause: BaseException | None, stage: str) -> None:
        super().__init__("the connection is lost" if cause is None else str(cause) or type(cause).__name__)
        self.cause = cause
        self.stage = stage


class NotPrimaryError(RedisConnectionError):
    """The server that the Sentinels name as the primary says that it is not."""


class SentinelError(RedisConnectionError):
    """No Sentinel says where the primary is; the message says why."""
