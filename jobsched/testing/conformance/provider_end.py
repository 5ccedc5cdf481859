"""Giving machines back: again, by others, cut short, and what was never there."""

from __future__ import annotations

from datetime import timedelta

from jobsched.contracts.provider import InstanceStatus, Provider
from jobsched.testing.conformance.answer import cancelled
from jobsched.testing.conformance.breach import expect
from jobsched.testing.conformance.machines import Machines
from jobsched.testing.conformance.promise import promised

GONE = "Take 'no such machine' of the cloud for an answer: InstanceStatus(phase='gone')."


class ProviderEnd:
    """Termination."""

    @promised(
        by=Provider.terminate,
        that="Give the machine back, and say how it stands now",
        do="Ask the cloud for the end of the machine, and answer with how it describes it then.",
    )
    async def test_a_machine_is_given_back(self, machines: Machines) -> None:
        """Terminated until it is gone, a machine is gone to whoever looks for it."""
        launched = await machines.launch()
        await machines.give_back(launched.instance)
        found = await machines.ask(machines.provider.find(launched.token))
        expect(found is None or found.phase == "gone", f"find still gives {found}")

    @promised(
        by=InstanceStatus,
        that="False where it was given back",
        do="Go by the cloud's own reason of the end: interrupted is an end that the cloud wanted, "
        "and lost one that nobody did.",
    )
    async def test_what_was_given_back_was_not_taken_away(self, machines: Machines) -> None:
        """A machine that runs, and one whose end was asked for, is neither interrupted nor lost."""
        launched = await machines.launch()
        before = await machines.describe(launched)
        last = await machines.give_back(launched.instance)
        after = await machines.ask(machines.provider.describe_all({}))
        found = await machines.ask(machines.provider.find(launched.token))
        seen = [before.get(launched.token), last, after.get(launched.token), found]
        for status in (one for one in seen if one is not None):
            is_so = not status.interrupted and not status.lost
            expect(is_so, f"it was given back, and is described as {status}")

    @promised(
        by=Provider.terminate,
        that="a machine that is gone already is success",
        do=GONE,
    )
    async def test_a_machine_may_be_given_back_twice(self, machines: Machines) -> None:
        """To terminate what is gone is success, for each worker."""
        launched = await machines.launch()
        await machines.give_back(launched.instance)
        for provider in (machines.provider, machines.another):
            again = await machines.ask(provider.terminate(launched.instance))
            expect(again.phase == "gone", f"the second time it gave {again}")

    @promised(
        by=Provider.terminate,
        that="Repeated until the machine is described as gone",
        do="Find the machine by what is in Instance (id, state), not by what this process "
        "remembers.",
    )
    async def test_any_worker_may_give_it_back(self, machines: Machines) -> None:
        """A worker that has only the record ends the machine that another one launched."""
        launched = await machines.launch()
        await machines.give_back(launched.instance, by=machines.another)

    @promised(
        by=Provider.terminate,
        that="unknown for a machine that is not found but too young to be surely gone",
        do=GONE + " Or unknown, if the cloud may not show it yet.",
    )
    async def test_an_unknown_machine_is_gone_or_unknown(self, machines: Machines) -> None:
        """A machine that the cloud has never heard of is no error."""
        launched = await machines.launch()
        stranger = machines.stranger(launched)
        status = await machines.ask(machines.provider.terminate(stranger.instance))
        expect(status.phase in {"gone", "unknown"}, f"terminate gave {status}")
        found = await machines.find(launched.token)
        is_on = found is not None and found.phase in {"pending", "running"}
        expect(is_on, f"the end of {stranger.instance.id} left {launched.instance.id} as {found}")

    @promised(
        by=Provider.terminate,
        that="Repeated until the machine is described as gone",
        do="Let a repeat begin anew, whatever an earlier call has done of it.",
    )
    async def test_an_end_that_was_cut_short_is_repeated(self, machines: Machines) -> None:
        """Cancelled in its first step, a termination works when it is repeated."""
        launched = await machines.launch()
        await cancelled(machines.provider.terminate(launched.instance), after=timedelta(0))
        await machines.give_back(launched.instance)


__all__ = ["ProviderEnd"]
