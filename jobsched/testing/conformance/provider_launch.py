"""A request that is sent: once, again, by others, late, and with its answer lost."""

from __future__ import annotations

import asyncio
import functools
from datetime import timedelta
from itertools import chain

from jobsched.contracts.order import MachineOrder
from jobsched.contracts.provider import Provider
from jobsched.errors import OperationFailed
from jobsched.testing.conformance import document, stored
from jobsched.testing.conformance.answer import cancelled
from jobsched.testing.conformance.breach import expect
from jobsched.testing.conformance.machines import Launched, Machines
from jobsched.testing.conformance.promise import promised

IDEMPOTENT = (
    "Make the machine's name or idempotency token from the order's token, or look for a machine "
    "with that token before a new one is asked for."
)


class ProviderLaunch:
    """Provisioning."""

    @promised(
        by=Provider.provision,
        that="return once the machine's id is known (instance is set)",
        do="Answer with InstanceStatus(phase='pending' or 'running', instance=Instance(id=…)).",
    )
    async def test_a_machine_has_an_id(self, machines: Machines) -> None:
        """The answer names the machine, and it is on."""
        launched = await machines.launch()
        is_named = document.is_text(launched.instance.id)
        expect(is_named, f"the id is {launched.instance.id!r}")
        is_on = launched.status.phase in {"pending", "running"}
        expect(is_on, f"provision gave {launched.status}")

    @promised(
        by=Provider,
        that="kinds of Access that its machines offer",
        do="Name each kind in access, and give an Access with everything that is ready.",
    )
    async def test_a_machine_is_reached_as_was_said(self, machines: Machines) -> None:
        """The access is of a kind that the provider declared; what is ready has one."""
        launched = await machines.launch()
        found = await machines.find(launched.token)
        seen = await machines.describe(launched)
        for status in (launched.status, found, seen.get(launched.token)):
            if status is None:
                continue
            expect(not status.ready or status.access, f"it is ready and has no access: {status}")
            is_declared = not status.access or status.access.kind in machines.provider.access
            expect(is_declared, f"its access is none of {set(machines.provider.access)}: {status}")

    @promised(by=Provider.provision, that="the same request gives the same machine", do=IDEMPOTENT)
    async def test_the_same_request_gives_the_same_machine(self, machines: Machines) -> None:
        """A request that is sent again names the machine of the first time."""
        launched = await machines.launch()
        again = await machines.send(launched.order, launched.request)
        _same(launched, again)

    @promised(by=Provider.provision, that="by any worker, with the same bytes", do=IDEMPOTENT)
    async def test_any_worker_may_send_it_again(self, machines: Machines) -> None:
        """Another process, which knows only the bytes, gets the same machine."""
        launched = await machines.launch()
        again = await machines.send(launched.order, launched.request, by=machines.another)
        _same(launched, again)

    @promised(
        by=Provider,
        that="may be called by several workers at the same time",
        do=IDEMPOTENT
        + " The cloud must decide who is first, not a look that two can take at once.",
    )
    async def test_two_at_once_get_one_machine(self, machines: Machines) -> None:
        """Two workers that send one request at the same time are told of the same machine."""
        ids = await machines.try_offers(functools.partial(_sent_twice, machines))
        expect(len(ids) == 1, f"one request has the machines {sorted(ids)}")

    @promised(by=Provider.provision, that="Repeated after a crash or a time-out", do=IDEMPOTENT)
    async def test_a_launch_that_was_cut_short_is_adopted(self, machines: Machines) -> None:
        """Cancelled at its begin and in its middle, and sent again: there is one machine."""
        begun = asyncio.get_running_loop().time()
        await machines.give_back((await machines.launch()).instance)
        middle = timedelta(seconds=(asyncio.get_running_loop().time() - begun) / 4)
        for after in (timedelta(0), middle):
            await machines.try_offers(functools.partial(_cut_short, machines, after))

    @promised(
        by=Provider.provision,
        that="and no new one when that is gone",
        do="Remember for a day which tokens were given back, or let the cloud do so; answer a late "
        "repeat with the machine that is gone, or raise ProviderFailed.",
    )
    async def test_a_late_repeat_gives_no_new_machine(self, machines: Machines) -> None:
        """A worker that was asleep sends a request whose machine was given back meanwhile."""
        launched = await machines.launch()
        await machines.give_back(launched.instance)
        try:
            late = await machines.send(launched.order, launched.request, by=machines.another)
        except OperationFailed:
            return
        expect(late.status.phase not in {"pending", "running"}, f"it gave {late.status}")

    @promised(
        by=MachineOrder,
        that="A machine for one launch of one attempt",
        do="Never give one machine to two tokens at one time.",
    )
    async def test_two_tokens_have_two_machines(self, machines: Machines) -> None:
        """Another launch gets another machine, or is definitely refused."""
        machines.need(2)
        first = await machines.launch()
        try:
            second = await machines.launch()
        except OperationFailed as error:
            expect(error.effect == "none", f"it was refused, but with effect={error.effect!r}")
            return
        expect(first.instance.id != second.instance.id, f"both have {first.instance.id}")

    @promised(
        by=Provider.provision,
        that="there is no machine and there never will be one of this request",
        do="Raise effect='none' with then='next' only where the cloud has surely refused; where it "
        "may have done it, the effect is unknown.",
    )
    async def test_every_offer_has_a_machine_or_none(self, machines: Machines) -> None:
        """Each offer is launched with a token of its own: what was refused cannot be found."""
        for offer in (await machines.offers(machines.order()))[: machines.at_once]:
            order = machines.order()
            request = await machines.ask(machines.provider.freeze(order, offer))
            try:
                await machines.send(order, request)
            except OperationFailed as error:
                if error.effect == "none" and error.then != "later":
                    found = await machines.ask(machines.another.find(order.token))
                    is_none = found is None or found.phase == "gone"
                    expect(is_none, f"{offer.label!r} was refused, and find gives {found}")

    @promised(
        by=Provider,
        that="are stored: small JSON that comes back as it was",
        do=stored.DO,
    )
    async def test_a_machine_comes_back_from_the_store(self, machines: Machines) -> None:
        """Every answer is the same after a restart, and small enough, whatever it describes."""
        launched = await machines.launch()
        found = await machines.find(launched.token)
        seen = await machines.describe(launched)
        ended = await machines.give_back(launched.instance)
        for one in chain([launched.status, found, ended], seen.values()):
            if one is not None:
                stored.status(one)
                if one.instance:
                    stored.instance(one.instance)


def _same(launched: Launched, again: Launched) -> None:
    is_same = launched.instance.id == again.instance.id
    expect(is_same, f"first it gave {launched.instance.id}, then {again.instance.id}")


async def _sent_twice(machines: Machines, order: MachineOrder, request: str) -> set[str]:
    """Send a request twice at one time, and once more; give the ids that were told."""
    machines.expects(order, request)
    both = await asyncio.gather(
        machines.ask(machines.provider.provision(request)),
        machines.ask(machines.another.provision(request)),
        return_exceptions=True,
    )
    for one in both:
        if isinstance(one, BaseException):
            raise one
    known = await machines.send(order, request)
    told = [one.instance for one in both if not isinstance(one, BaseException)]
    return {known.instance.id, *(one.id for one in told if one)}


async def _cut_short(
    machines: Machines, after: timedelta, order: MachineOrder, request: str
) -> None:
    """Cancel a launch, and see that its repeat adopts what it has made."""
    machines.expects(order, request)
    lost = await cancelled(machines.provider.provision(request), after=after)
    known = await machines.send(order, request, by=machines.another)
    found = await machines.find(order.token)
    ids = {one.instance.id for one in (lost, found) if one and one.instance}
    expect(
        ids <= {known.instance.id},
        f"after a cancelled provision the repeat gave {known.instance.id}; "
        f"others of the same request: {sorted(ids)}",
    )
    await machines.give_back(known.instance)


__all__ = ["IDEMPOTENT", "ProviderLaunch"]
