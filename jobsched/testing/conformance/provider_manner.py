"""How a provider behaves in every method: it never blocks, and ends when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

from jobsched.contracts.provider import Provider
from jobsched.testing.conformance.answer import cancelled
from jobsched.testing.conformance.machines import Launched, Machines
from jobsched.testing.conformance.promise import promised


class ProviderManner:
    """What holds for all methods."""

    @promised(
        by=Provider,
        that="No method may block the event loop",
        do="Call what blocks (an SDK, a file) in a thread: await services.spawn.pool(…).run(…).",
        may_block=False,
    )
    async def test_no_method_blocks_the_event_loop(self, machines: Machines) -> None:
        """A whole life of a machine goes by, and the loop goes on all the time."""
        await machines.ask(machines.provider.host())
        launched = await machines.launch()
        machines.provider.status(launched.instance)
        await machines.find(launched.token)
        await machines.describe(launched)
        await machines.ask(machines.provider.owned())
        await machines.give_back(launched.instance)

    @promised(
        by=Provider,
        that="each is given up (cancelled) after 60 seconds",
        do="Let asyncio.CancelledError out of every method.",
    )
    async def test_every_call_ends_when_it_is_cancelled(self, machines: Machines) -> None:
        """A call that is cancelled ends soon, and does not keep its worker."""
        launched = await machines.launch()
        for call in _calls(machines.provider, launched):
            await cancelled(call(), after=timedelta(0))


def _calls(provider: Provider, of: Launched) -> list[Callable[[], Coroutine[Any, Any, object]]]:
    early = replace(of.order, launch=0, token="")

    async def freeze() -> str:
        (offer, *_) = await provider.offers(early)
        return await provider.freeze(of.order, offer)

    return [
        provider.host,
        lambda: provider.offers(early),
        freeze,
        lambda: provider.provision(of.request),
        lambda: provider.find(of.token),
        lambda: provider.describe_all({of.token: of.instance}),
        provider.owned,
        lambda: provider.terminate(of.instance),
    ]


__all__ = ["ProviderManner"]
