"""What is asked of a server before it is used."""

from datetime import timedelta
from typing import Any, cast

import pytest
from redis.asyncio import Redis
from redis.exceptions import BusyLoadingError, NoPermissionError
from redis.exceptions import ConnectionError as NoConnection

from jobsched.errors import ConfigError, StoreUnavailable
from jobsched.store import redis as opening


class Server:
    """A server that answers what a test says, one error after the other first."""

    def __init__(self, *errors: Exception, **facts: Any) -> None:
        self._errors = list(errors)
        self._facts = {"redis_version": "7.0.15", "maxmemory_policy": "noeviction"} | facts
        self.asked = 0

    async def ping(self) -> None:
        """Answer, or not."""
        self.asked += 1
        if self._errors:
            raise self._errors.pop(0)

    async def info(self) -> dict[str, Any]:
        """Say what it is."""
        return self._facts


async def look(server: Server, within: timedelta = timedelta(seconds=5)) -> dict[str, Any]:
    """Inspect a server."""
    return await opening._inspect(cast("Redis", server), within)


async def test_a_server_that_is_loading_is_waited_for() -> None:
    """LOADING means wait, not fail."""
    server = Server(BusyLoadingError(), BusyLoadingError())
    assert (await look(server))["redis_version"] == "7.0.15"
    assert server.asked == 3


async def test_a_server_that_never_loads_is_given_up() -> None:
    """The wait for a server that is loading has an end."""
    with pytest.raises(StoreUnavailable, match="loading"):
        await look(Server(BusyLoadingError()), timedelta(seconds=-1))


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    """No connection is not waited for."""
    with pytest.raises(StoreUnavailable, match="reached"):
        await look(Server(NoConnection()))


async def test_a_server_that_tells_nothing_is_taken_as_it_is() -> None:
    """Where INFO is not permitted the settings are not judged, and the oldest dialect is spoken."""
    facts = await look(Server(NoPermissionError()))
    assert facts == {}
    assert opening._version(facts) < opening._SHEBANG_SINCE


@pytest.mark.parametrize("version", ["5.0.14", "6.0.16"])
async def test_an_old_server_is_refused(version: str) -> None:
    """Servers before 6.2 lack what the scripts need."""
    with pytest.raises(ConfigError, match=r"6\.2"):
        await look(Server(redis_version=version))


async def test_a_server_that_evicts_is_refused() -> None:
    """A record that is thrown away is a lost job."""
    with pytest.raises(ConfigError, match="noeviction"):
        await look(Server(maxmemory_policy="volatile-lru"))
