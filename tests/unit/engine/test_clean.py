"""What gone machines left behind is removed by their provider, and told in the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from jobsched.contracts.provider import Provider
from jobsched.engine.clean import clean
from jobsched.errors import OperationFailed
from jobsched.testing.simulator import Simulation
from jobsched.testing.virtual_time import run
from tests.unit.plugins.lent import KeptLog


@pytest.mark.parametrize(
    ("answer", "count", "events"),
    [
        (["volume vol-1", "volume vol-2"], 2, {"leftover.removed": 2}),
        ((), 0, {}),
        (OperationFailed("throttled"), 0, {"clean.failed": 1}),
        (KeyError("a bug"), 0, {"plugin.failed": 1, "clean.failed": 1}),
        ([3], 0, {"plugin.failed": 1, "clean.failed": 1}),
        (None, 0, {"plugin.failed": 1, "clean.failed": 1}),
    ],
)
def test_leftovers_are_removed_and_told(
    answer: object, count: int, events: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the provider answers, the chore ends and says what was removed."""

    async def remove_leftovers(provider: Provider) -> Sequence[str]:
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[return-value]  # rubbish is what is tried

    async def story() -> dict[str, int]:
        simulation = await Simulation.begin()
        provider = simulation.provider
        monkeypatch.setattr(type(provider), "remove_leftovers", remove_leftovers)
        parts = simulation.parts(worker="cleaner")
        kept = KeptLog()
        services: Any = parts.services
        heard = replace(parts, services=replace(services, log=kept))
        assert await clean(heard, provider) == count
        names = [event for _, event, _ in kept.entries]
        return {name: names.count(name) for name in names}

    assert run(story()) == events
