"""The API of a world: one process after another, each of which may die in the middle."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeVar

from jobsched.engine.parts import Parts
from jobsched.errors import Unavailable
from jobsched.testing.simulator.process import Died, ShortLife, Surroundings

if TYPE_CHECKING:
    from jobsched.testing.simulator.simulation import Simulation

T = TypeVar("T")

#: seconds until one that died is started again
AGAIN: Final = (1.0, 10.0)


class Door:
    """The API, as machines and users find it.

    Args:
        simulation: the deployment.
        around: what the process is in.
    """

    def __init__(self, simulation: Simulation, around: Surroundings) -> None:
        self._simulation, self._around = simulation, around
        self._shut_until = 0.0
        self._is_closed = False
        self._parts: Parts | None = None
        self._life: ShortLife | None = None

    async def __call__(self, work: Callable[[Parts], Awaitable[T]]) -> T:
        """Have the API do something.

        Raises:
            Unavailable: it is away, or has died: ask again. What was asked may have been done.
        """
        if self._is_closed or self._around.clock.monotonic() < self._shut_until:
            raise Unavailable("the API is away")
        if self._parts is None:
            self._life = ShortLife("API", self._around)
            self._parts = self._simulation.parts(self._life)
        parts = self._parts
        try:
            return await work(parts)
        except Died:
            if parts is self._parts:
                self.shut(self._around.weather.between(*AGAIN))
            raise Unavailable("the API has died") from None

    def close(self) -> None:
        """Be away until it is opened; what was asked and not answered never is."""
        if self._life:
            self._life.dead.set()
        self._parts, self._is_closed = None, True

    def open(self) -> None:
        """Serve again."""
        self._is_closed = False

    def shut(self, seconds: float) -> None:
        """Be away for a while; then another process serves."""
        self._parts = None
        until = self._around.clock.monotonic() + seconds
        self._shut_until = max(self._shut_until, until)


__all__ = ["Door"]
