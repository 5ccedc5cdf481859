"""Removing what gone machines left behind, and nothing else."""

from __future__ import annotations

from jobsched.contracts.provider import Provider
from jobsched.testing.conformance.breach import expect
from jobsched.testing.conformance.machines import Machines
from jobsched.testing.conformance.promise import promised


class ProviderLeftovers:
    """Leftovers."""

    @promised(
        by=Provider.remove_leftovers,
        that="Only what no machine uses any more is removed",
        do="Ask the cloud which disks or addresses no machine holds, and remove those alone.",
    )
    async def test_a_machine_that_is_on_is_left_alone(self, machines: Machines) -> None:
        """A machine is there as before after the leftovers are removed."""
        launched = await machines.launch()
        await machines.ask(machines.provider.remove_leftovers())
        found = await machines.find(launched.token)
        if found is None:
            # not shown yet: its own request names it
            found = await machines.ask(machines.provider.provision(launched.request))
        expect(found.phase in {"pending", "running"}, f"afterwards it is {found}")

    @promised(
        by=Provider.remove_leftovers,
        that="what is gone already is success",
        do="Take 'no such disk' of the cloud for success.",
    )
    async def test_leftovers_may_be_removed_twice(self, machines: Machines) -> None:
        """After a machine is gone nothing of it is left to be removed the second time."""
        launched = await machines.launch()
        await machines.give_back(launched.instance)
        await machines.ask(machines.provider.remove_leftovers())
        again = list(await machines.ask(machines.another.remove_leftovers()))
        expect(again == [], f"the second time it removed {again}")


__all__ = ["ProviderLeftovers"]
