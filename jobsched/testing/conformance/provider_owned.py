"""The list of all that is on, by which what no record knows is ended."""

from __future__ import annotations

from collections.abc import Sequence

from jobsched.contracts.provider import OwnedMachine, Provider
from jobsched.testing.conformance import stored
from jobsched.testing.conformance.breach import expect
from jobsched.testing.conformance.machines import Launched, Machines
from jobsched.testing.conformance.promise import promised
from jobsched.testing.conformance.settling import settled

BY_MARK = (
    "Ask the cloud for all machines that carry the mark of services.deployment, page after page, "
    "and leave out those that are gone."
)
TAGS = "Write token, job, attempt and dies_at onto the machine in the call that makes it."


class ProviderOwned:
    """`owned`."""

    @promised(
        by=Provider.owned,
        that="List all machines that carry this deployment's mark and are not gone",
        do=BY_MARK,
    )
    async def test_every_machine_is_owned(self, machines: Machines) -> None:
        """All that are on are listed, each once, to each worker."""
        launched = [await machines.launch() for _ in range(machines.at_once)]
        for provider in (machines.provider, machines.another):
            owned = await _shown(machines, provider, launched)
            for one in launched:
                found = [machine.phase for machine in owned if _is(machine, one)]
                expect(len(found) == 1, f"{one.instance.id} is {len(found)} times on the list")
                expect(found[0] in {"pending", "running"}, f"{one.instance.id} is {found[0]}")

    @promised(by=Provider.owned, that="and are not gone", do=BY_MARK)
    async def test_what_was_given_back_is_not_owned(self, machines: Machines) -> None:
        """Who is listed is paid for: after its end a machine is not on the list."""
        launched = await machines.launch()
        await machines.give_back(launched.instance)
        for provider in (machines.provider, machines.another):
            owned = await machines.ask(provider.owned())
            found = [machine for machine in owned if _is(machine, launched)]
            expect(not found, f"it is gone, and is listed as {found}")

    @promised(by=OwnedMachine, that="the job and the attempt that it was made for", do=TAGS)
    async def test_a_machine_says_whose_it_is(self, machines: Machines) -> None:
        """Its marks name the launch and its job, and its times can be reckoned with."""
        launched = await machines.launch()
        order = launched.order
        [found] = await _listed(machines, launched)
        expect(stored.owned(found) == found, f"it was stored, and {found} did not come back")
        said = found.token, found.job, found.attempt
        expect(said == (order.token, order.job, order.attempt), f"it says {said}")
        dies_at = found.dies_at
        expect(dies_at in {None, order.dies_at}, f"{order.dies_at} was ordered, not {dies_at}")
        [again] = await _listed(machines, launched)
        times = found.launched_at, again.launched_at
        expect(times[0] == times[1], f"it was launched at {times[0]}, and then at {times[1]}")

    @promised(
        by=OwnedMachine,
        that="enough of it for terminate, which is called with nothing else",
        do="Give instance the id and the state that terminate reads.",
    )
    async def test_what_is_owned_can_be_given_back(self, machines: Machines) -> None:
        """Nobody knows more of a machine than what is listed, and it is ended."""
        launched = await machines.launch()
        [found] = await _listed(machines, launched)
        await machines.give_back(stored.kept(found.instance), by=machines.another)


async def _listed(machines: Machines, launched: Launched) -> list[OwnedMachine]:
    owned = await _shown(machines, machines.another, [launched])
    found = [machine for machine in owned if _is(machine, launched)]
    expect(len(found) == 1, f"{launched.instance.id} is {len(found)} times on the list")
    return found


async def _shown(
    machines: Machines, provider: Provider, launched: Sequence[Launched]
) -> Sequence[OwnedMachine]:
    """List all machines, until those that must be there are, or ``settles_within``."""
    return await settled(
        lambda: machines.ask(provider.owned()),
        lambda owned: all(any(_is(machine, one) for machine in owned) for one in launched),
        within=provider.settles_within,
    )


def _is(machine: OwnedMachine, launched: Launched) -> bool:
    return machine.instance.id == launched.instance.id


__all__ = ["ProviderOwned"]
