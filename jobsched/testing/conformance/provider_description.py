"""Finding machines again: one by its token, and all of them at once."""

from __future__ import annotations

from jobsched.contracts.provider import Provider
from jobsched.testing.conformance.breach import expect
from jobsched.testing.conformance.machines import Machines
from jobsched.testing.conformance.promise import promised
from jobsched.testing.conformance.settling import settled

BY_TAG = "Write the token onto the machine in the call that makes it (a tag, a label, a name)."


class ProviderDescription:
    """`find` and `describe_all`."""

    @promised(
        by=Provider.find,
        that="Look for the machine of a launch by its token",
        do=BY_TAG,
    )
    async def test_a_machine_whose_answer_was_lost_is_found(self, machines: Machines) -> None:
        """A worker died after its request took effect; another one finds the machine."""
        launched = await machines.launch()
        for provider in (machines.another, machines.provider):
            found = await machines.find(launched.token, by=provider)
            expect(
                found is not None and found.instance is not None,
                f"find gave {found} to the end of settles_within "
                f"({provider.settles_within.total_seconds():g} s)",
            )
            is_it = found and found.instance and found.instance.id == launched.instance.id
            expect(is_it, f"provision gave {launched.instance.id}, find {found}")

    @promised(by=Provider.find, that="None: not found", do="Give None for a token without machine.")
    async def test_an_unknown_token_is_not_found(self, machines: Machines) -> None:
        """A launch that never got as far as a request has no machine."""
        for _ in range(2):
            found = await machines.ask(machines.provider.find(machines.order().token))
            expect(found is None, f"find gave {found} for a token that was never sent")

    @promised(
        by=Provider.find,
        that="any number of times; has no effect",
        do="Look, and change nothing.",
    )
    async def test_looking_has_no_effect(self, machines: Machines) -> None:
        """Looked for again and again, a machine stays as it was, and none appears."""
        launched, unknown = await machines.launch(), machines.order().token
        for _ in range(3):
            await machines.ask(machines.provider.find(launched.token))
            await machines.ask(machines.provider.find(unknown))
            await machines.ask(machines.provider.describe_all({}))
        found = await machines.find(launched.token)
        is_on = found is not None and found.phase in {"pending", "running"}
        expect(is_on, f"after three looks find gives {found}")
        seen = await machines.describe(launched)
        expect(unknown not in seen, f"a look made {seen.get(unknown)}")

    @promised(
        by=Provider.describe_all,
        that="Describe every machine of this deployment, by launch token",
        do=BY_TAG + " Read every page of the list.",
    )
    async def test_every_machine_is_described(self, machines: Machines) -> None:
        """All that are on are shown under their tokens, to each worker."""
        launched = [await machines.launch() for _ in range(machines.at_once)]
        for provider in (machines.provider, machines.another):
            seen = await machines.describe(*launched, by=provider)
            for one in launched:
                status = seen.get(one.token)
                is_on = status is not None and status.phase in {"pending", "running"}
                expect(is_on, f"of {len(launched)} machines, {one.instance.id} is {status}")
                found = status.instance.id if status and status.instance else one.instance.id
                is_it = found == one.instance.id
                expect(is_it, f"{found} is described under the token of {one.instance.id}")

    @promised(
        by=Provider.describe_all,
        that="so that a dead host does not hide the others",
        do="Pass over what you do not know in known, or describe it as unknown or gone.",
    )
    async def test_an_unknown_machine_hides_nobody(self, machines: Machines) -> None:
        """The core counts on a machine that the cloud has never heard of: the rest is shown."""
        launched = await machines.launch()
        stranger = machines.stranger(launched)
        known = {launched.token: launched.instance, stranger.token: stranger.instance}
        seen = await settled(
            lambda: machines.ask(machines.provider.describe_all(known)),
            lambda found: launched.token in found,
            within=machines.provider.settles_within,
        )
        expect(launched.token in seen, f"{launched.instance.id} is missing")
        status = seen.get(stranger.token)
        is_no_machine = status is None or status.phase in {"unknown", "gone"}
        expect(is_no_machine, f"a machine that never was is described as {status}")

    @promised(
        by=Provider.describe_all,
        that="a machine that is missing from the answer and older than settles_within is gone",
        do="Leave out what was given back, or describe it as gone.",
    )
    async def test_what_was_given_back_is_not_described(self, machines: Machines) -> None:
        """After its end a machine is missing, or described as gone."""
        launched = await machines.launch()
        await machines.give_back(launched.instance)
        for provider in (machines.provider, machines.another):
            seen = await settled(
                lambda provider=provider: machines.ask(provider.describe_all({})),  # type: ignore[misc]  # a default that binds
                lambda found: launched.token not in found or found[launched.token].phase == "gone",
                within=provider.settles_within,
            )
            status = seen.get(launched.token)
            expect(status is None or status.phase == "gone", f"it is still {status}")


__all__ = ["BY_TAG", "ProviderDescription"]
