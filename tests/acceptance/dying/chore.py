"""One chore of a worker, in a process of its own: arq's clock is not waited for."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from jobsched import bootstrap, log
from jobsched.engine.clean import clean
from jobsched.engine.prune import prune
from jobsched.engine.reap import reap
from jobsched.engine.reconcile import reconcile
from jobsched.engine.turn import Turn


def run(name: str) -> None:
    """Do it once, as a worker would."""
    log.configure()
    asyncio.run(_run(name))


async def _run(name: str) -> None:
    async with bootstrap.parts(bootstrap.configure(), worker=f"chore-{name}") as (parts, _):
        match name:
            case "prune":
                await prune(parts)
            case "claim":
                claimed = await parts.store.claim(
                    parts.worker, most=100, lease=timedelta(milliseconds=1)
                )
                assert not claimed.jobs
            case "reconcile":
                await reconcile(parts)
            case "reap":
                # not the lock of the worker that runs beside it, whose minute may come any time
                turn = Turn(parts, "reap beside", timedelta(minutes=1))
                assert await turn.take()
                await reap(parts, parts.registry.provider("shaky"), turn)
            case "clean":
                await clean(parts, parts.registry.provider("shaky"))


__all__ = ["run"]
