"""Nets that hold what falls through a broken rule, how they are taken away; and a hard world."""

from __future__ import annotations

from typing import Any, Final

from jobsched.errors import Gone, Unavailable
from jobsched.testing.simulator.mutations.patch import Patch, instead


def _never_over(receive: Any) -> Any:
    async def deaf(parts: Any, **said: Any) -> Any:
        try:
            return await receive(parts, **said)
        except Gone as error:
            raise Unavailable from error

    return deaf


#: a machine that speaks is never told that its launch is over, so it does not end by itself
NOBODY_ASKS: Final = Patch(where="jobsched.testing.simulator.machines:receive", make=_never_over)
#: a store that loses its last second does so some ten times as often as usual
LOSES_OFTEN: Final = Patch(
    where="jobsched.testing.simulator.lossy:EVERY", make=instead((10.0, 30.0))
)

__all__ = ["LOSES_OFTEN", "NOBODY_ASKS"]
