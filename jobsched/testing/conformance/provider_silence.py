"""A cloud that does not answer: what cannot be seen is neither there nor gone."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest

from jobsched.contracts.provider import Provider
from jobsched.errors import OperationFailed
from jobsched.testing.conformance.breach import Broken, expect
from jobsched.testing.conformance.fixture import optional
from jobsched.testing.conformance.machines import Machines
from jobsched.testing.conformance.promise import promised

RAISE = (
    "Raise ProviderFailed('no_answer', …, effect='unknown'): to say None, nothing or gone ends the "
    "job of a machine that may be on."
)


class ProviderSilence:
    """Every method, asked while nobody answers; skipped without the fixture ``unreachable``."""

    @promised(by=Provider.find, that="OperationFailed: it cannot be told now", do=RAISE)
    async def test_nothing_is_found_in_a_silent_cloud(
        self, machines: Machines, silent: Provider
    ) -> None:
        """None would say that the launch has no machine."""
        launched = await machines.launch()
        await _fails("find", machines.ask(silent.find(launched.token)))

    @promised(
        by=Provider.describe_all, that="OperationFailed: the answer would not be whole", do=RAISE
    )
    async def test_nothing_is_described_by_a_silent_cloud(
        self, machines: Machines, silent: Provider
    ) -> None:
        """A machine that is missing counts as gone: it is unknown, or nothing is said at all."""
        launched = await machines.launch()
        try:
            seen = await machines.ask(silent.describe_all({launched.token: launched.instance}))
        except OperationFailed:
            return
        status = seen.get(launched.token)
        is_unknown = status is not None and status.phase == "unknown"
        expect(is_unknown, f"describe_all gave {dict(seen)!r:.300}")

    @promised(by=Provider.owned, that="OperationFailed: the list would not be whole", do=RAISE)
    async def test_nothing_is_owned_in_a_silent_cloud(
        self, machines: Machines, silent: Provider
    ) -> None:
        """A list that is not whole would say that nothing is left on."""
        await machines.launch()
        await _fails("owned", machines.ask(silent.owned()))

    @promised(by=Provider.terminate, that="OperationFailed: it could not be asked now", do=RAISE)
    async def test_nothing_is_given_back_to_a_silent_cloud(
        self, machines: Machines, silent: Provider
    ) -> None:
        """What was not asked is not gone."""
        launched = await machines.launch()
        await _fails("terminate", machines.ask(silent.terminate(launched.instance)))

    @promised(
        by=Provider.provision, that='effect="unknown": it is looked for, or sent again', do=RAISE
    )
    async def test_nothing_is_sure_of_a_launch_in_a_silent_cloud(
        self, machines: Machines, silent: Provider
    ) -> None:
        """It is in doubt, or was surely not sent; the other cloud has no machine of it."""
        order = machines.order()
        request = await machines.freeze(order)
        await _fails("provision", machines.ask(silent.provision(request)))

    @promised(
        by=Provider.remove_leftovers, that="OperationFailed: it could not be asked now", do=RAISE
    )
    async def test_nothing_is_removed_in_a_silent_cloud(
        self, machines: Machines, silent: Provider
    ) -> None:
        """A provider whose machines leave nothing behind need not ask."""
        try:
            removed = list(await machines.ask(silent.remove_leftovers()))
        except OperationFailed:
            return
        expect(removed == [], f"remove_leftovers gave {removed}")

    @pytest.fixture
    def silent(self, request: pytest.FixtureRequest) -> Provider:
        """The provider of a cloud that is down, if the author gives one."""
        found: Provider | None = optional(request, "unreachable", None)
        if found is None:
            pytest.skip("no fixture unreachable: the provider of a cloud that does not answer")
        return found


async def _fails(name: str, call: Awaitable[object]) -> None:
    try:
        given = await call
    except OperationFailed:
        return
    raise Broken(f"of a cloud that does not answer, {name} gave {given}")


__all__ = ["ProviderSilence"]
