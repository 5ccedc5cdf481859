"""The deployment's Redis, asked for many checks over one connection; starts none."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError

from jobsched import embedded
from jobsched.config import Config
from jobsched.errors import StoreUnavailable
from jobsched.store.failure import met, unavailable
from jobsched.store.redis import ANSWER_WITHIN, CONNECT_WITHIN

#: parts of an address that say who connects
CREDENTIALS: Final = frozenset({"username", "password", "ssl_certfile", "ssl_keyfile"})
NOBODY = "no server of this machine runs now: start `jobsched up`"


class NotRunning(StoreUnavailable):
    """This machine's own server does not run now."""


class Refused(StoreUnavailable):
    """The server is there, and does not let us in."""


class Server:
    """Facts about the server; each is asked for once, however many want it.

    Args:
        config: names the server; without one, that of the data directory.
        stack: closes what is opened.
    """

    def __init__(self, config: Config, stack: AsyncExitStack) -> None:
        self._config = config
        self._stack = stack
        self._info: asyncio.Task[Mapping[str, Any]] | None = None
        self._opened: Redis | None = None
        #: what the server said when it refused the last command of `ask`
        self.refusal = ""

    @property
    def is_own(self) -> bool:
        """Whether it is the embedded server of this machine."""
        return not self._config.value("redis_url")

    @property
    def where(self) -> str:
        """Where it is, for people; no password."""
        return str(self._config.masked()["jobsched"]["redis_url"]) or "this machine's own"

    def url(self) -> str:
        """Give its address.

        Raises:
            NotRunning: it is this machine's own, and no server is there.
        """
        if not self.is_own:
            return str(self._config.value("redis_url"))
        socket = embedded.find_socket(self._config.value("data_dir") / "redis")
        if socket is None or not socket.exists():
            raise NotRunning(NOBODY)
        return f"unix://{quote(str(socket))}?db=0"

    async def info(self) -> Mapping[str, Any]:
        """Give what INFO says; empty: the server does not permit it.

        Raises:
            Refused: it is there, and does not let us in.
            StoreUnavailable: it does not answer.
        """
        if self._info is None:
            self._info = asyncio.ensure_future(self._ask_info())
        # one check that gives up does not take the answer from the others
        return await asyncio.shield(self._info)

    async def setting(self, name: str) -> str | None:
        """Give a setting; None: the server does not tell it.

        Raises:
            StoreUnavailable: it does not answer.
        """
        try:
            found = await self._answer(self._client().config_get(name))
        except StoreUnavailable:
            # managed servers refuse the command; whether they answer at all is told by info()
            await self.info()
            return None
        value: str | None = found.get(name)
        return value

    async def ask(self, *command: str | int) -> Any:
        """Give the answer to a command; None: the server does not know or permit it.

        Raises:
            StoreUnavailable: it does not answer.
        """
        try:
            client: Any = self._client()  # this call of its has no types
            return await client.execute_command(*command)
        except ResponseError as error:
            self.refusal = str(error)
            return None
        except (RedisError, OSError, TimeoutError) as error:
            raise unavailable(error) from error

    async def keys(self, pattern: str) -> AsyncIterator[Sequence[str]]:
        """Give the names of keys, some hundreds at a time; one may come twice.

        Raises:
            StoreUnavailable: it does not answer, or does not permit SCAN.
        """
        cursor = 0
        while True:
            found = await self._answer(self._client().scan(cursor, match=pattern, count=1000))
            cursor, keys = found
            yield [key.decode() for key in keys]
            if not cursor:
                return

    async def fields(self, keys: Sequence[str], *names: str) -> Sequence[tuple[bytes | None, ...]]:
        """Give fields of hashes, in the order of the keys; of what is no hash, None.

        Raises:
            StoreUnavailable: it does not answer, or does not permit HMGET.
        """
        asked: Any = self._client().pipeline(transaction=False)  # its calls have no types
        for key in keys:
            asked.hmget(key, *names)
        found = await self._answer(asked.execute(raise_on_error=False))
        for one in found:
            if isinstance(one, NoPermissionError):
                raise unavailable(one)
        none = (None,) * len(names)
        return [none if isinstance(one, Exception) else tuple(one) for one in found]

    async def stranger(self) -> str | None:
        """Let somebody without a password ask; give why they are refused, None: they are not.

        Raises:
            StoreUnavailable: no answer, so that nothing is known.
        """
        client: Redis = Redis.from_url(
            without_credentials(self.url()),
            socket_connect_timeout=CONNECT_WITHIN.total_seconds(),
            socket_timeout=ANSWER_WITHIN.total_seconds(),
        )
        try:
            await client.ping()
        except (AuthenticationError, ResponseError) as error:
            return str(error)
        except (RedisError, OSError, TimeoutError) as error:
            raise unavailable(error) from error
        finally:
            await client.aclose()
        return None

    async def time(self) -> datetime:
        """Give its time.

        Raises:
            StoreUnavailable: it does not answer.
        """
        seconds, micros = await self._answer(self._client().time())
        return datetime.fromtimestamp(seconds + micros / 1_000_000, UTC)

    def _client(self) -> Redis:
        if self._opened is None:
            self._opened = Redis.from_url(
                self.url(),
                socket_connect_timeout=CONNECT_WITHIN.total_seconds(),
                socket_timeout=ANSWER_WITHIN.total_seconds(),
            )
            self._stack.push_async_callback(self._opened.aclose)
        return self._opened

    async def _ask_info(self) -> Mapping[str, Any]:
        try:
            found: Mapping[str, Any] = await self._client().info()
        except NoPermissionError:
            return {}
        except (RedisError, OSError, TimeoutError) as error:
            if isinstance(met(error), AuthenticationError | ResponseError):
                raise Refused(unavailable(error).message) from error
            if self.is_own:
                raise NotRunning(
                    "no server of this machine answers: start `jobsched up`"
                ) from error
            raise unavailable(error) from error
        return found

    async def _answer(self, asked: Awaitable[Any]) -> Any:
        try:
            return await asked
        except (RedisError, OSError, TimeoutError) as error:
            raise unavailable(error) from error


def without_credentials(url: str) -> str:
    """Give an address without the name, password and certificate of who connects. Pure."""
    parts = urlsplit(url)
    kept = [one for one in parse_qsl(parts.query) if one[0] not in CREDENTIALS]
    where = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=where, query=urlencode(kept)))


def is_local(url: str) -> bool:
    """Whether an address is one of this machine alone: a socket, or loopback. Pure."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts.scheme == "unix" or not host or is_loopback(host)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by a way that no other has. Pure."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


__all__ = ["NotRunning", "Refused", "Server", "is_local", "is_loopback", "without_credentials"]
